package e2e

import "testing"

// TestRightsFollowTyping opens the policy for a key and types its bucket and folder: the policy follows, and stays open.
func TestRightsFollowTyping(t *testing.T) {
	t.Parallel()
	k := serve(t)
	p := hire(t, browse(t, k.url, screens[0]), "by mouse")
	p.enter()
	p.visit("/destinations/new")
	p.act("Rights this key needs")
	p.says("Once the bucket has a name")
	p.write("Bucket", "homelab")
	p.says("arn:aws:s3:::homelab/*")
	p.write("Folder in the bucket", "nas")
	p.says("arn:aws:s3:::homelab/nas/*")
	p.accessible("the form with the policy")
	p.resize(screens[1])
	p.fits("the form with the policy on a phone")
}
