package model

import (
	"encoding/json"
	"fmt"
	"strings"
)

// s3Policy is a policy of AWS IAM, as other servers read it too. The order of its fields is the one people are used to.
type s3Policy struct {
	Version   string
	Statement []s3Statement
}

type s3Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// S3Rights returns the policy with the least rights that a key needs to keep a repository in a folder of a bucket, as
// indented JSON: what Keepstead's storage room, its gateway and restic ask an S3 server for. An empty prefix is the whole
// bucket. AbortMultipartUpload takes away the parts of a large upload that failed.
func S3Rights(bucket, prefix string) (string, error) {
	bucket, prefix = literally(bucket), literally(strings.Trim(prefix, "/"))
	list := s3Statement{Sid: "List", Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: "arn:aws:s3:::" + bucket}
	under := "*"
	if prefix != "" {
		under = prefix + "/*"
		list.Condition = map[string]map[string]string{"StringLike": {"s3:prefix": under}}
	}
	p := s3Policy{Version: "2012-10-17", Statement: []s3Statement{
		{Sid: "Find", Effect: "Allow", Action: []string{"s3:GetBucketLocation"}, Resource: list.Resource},
		list,
		{
			Sid: "Keep", Effect: "Allow", Resource: list.Resource + "/" + under,
			Action: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"},
		},
	}}
	out, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the rights of a key: %w", err)
	}
	return string(out), nil
}

// literally keeps a policy from reading a name as a pattern, or as the name of a variable.
func literally(name string) string {
	return strings.NewReplacer("$", "${$}", "*", "${*}", "?", "${?}").Replace(name)
}
