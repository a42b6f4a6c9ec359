package database

import (
	"context"
	"errors"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// commandPasswords returns the passwords that stand on a container's command line.
func commandPasswords(c docker.Container) []string {
	var found []string
	line := strings.Join(c.Entrypoint, " ") + " " + strings.Join(c.Cmd, " ")
	for _, words := range commands(line) {
		for _, flag := range []string{"--requirepass", "--masterauth"} {
			if p := option(words, flag); p != "" {
				found = append(found, p)
			}
		}
	}
	return found
}

func (s *session) dumpRedis(context.Context, *target) ([]model.Dump, error) {
	return nil, errors.New("redis")
}
func (s *session) dumpMySQL(context.Context, *target) ([]model.Dump, error) {
	return nil, errors.New("mysql")
}
func (s *session) dumpMongo(context.Context, *target) ([]model.Dump, error) {
	return nil, errors.New("mongo")
}
