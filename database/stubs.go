package database

import (
	"context"
	"errors"

	"keepstead/model"
)

type stub struct {
	version string
}

func (s *session) dumpMongo(context.Context, *target) ([]model.Dump, error) {
	return nil, errors.New("x")
}
func (s *session) loadMongo(context.Context, *source, []model.Dump) error { return errors.New("redis") }
func (s *session) checkMongo(context.Context, []model.Dump) error         { return errors.New("redis") }
func (s *session) enterMongo(context.Context) (*stub, error)              { return nil, errors.New("redis") }
func (s *session) tryMongo(context.Context) (*stub, error)                { return nil, errors.New("redis") }
