package database

import (
	"context"
	"errors"

	"keepstead/model"
)

type stub struct {
	version, dataDir string
	kind             model.DatabaseKind
}

func (s *session) loadRedis(context.Context, *source, []model.Dump) error { return errors.New("redis") }
func (s *session) loadMySQL(context.Context, *source, []model.Dump) error { return errors.New("redis") }
func (s *session) loadMongo(context.Context, *source, []model.Dump) error { return errors.New("redis") }
func (s *session) checkRedis(context.Context, []model.Dump) error         { return errors.New("redis") }
func (s *session) checkMySQL(context.Context, []model.Dump) error         { return errors.New("redis") }
func (s *session) checkMongo(context.Context, []model.Dump) error         { return errors.New("redis") }
func (s *session) enterRedis(context.Context) (*stub, error)              { return nil, errors.New("redis") }
func (s *session) enterMySQL(context.Context) (*stub, error)              { return nil, errors.New("redis") }
func (s *session) enterMongo(context.Context) (*stub, error)              { return nil, errors.New("redis") }
func (s *session) tryRedis(context.Context) (*stub, error)                { return nil, errors.New("redis") }
func (s *session) tryMySQL(context.Context) (*stub, error)                { return nil, errors.New("redis") }
func (s *session) tryMongo(context.Context) (*stub, error)                { return nil, errors.New("redis") }
