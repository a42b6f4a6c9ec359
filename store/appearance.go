package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"keepstead/model"
)

// appearanceKey is the setting that holds how a user wants the pages to look.
func appearanceKey(user uuid.UUID) string { return "appearance/" + user.String() }

// Appearance returns how a user wants the pages to look; the zero value where nothing was chosen.
func (s *Store) Appearance(ctx context.Context, user uuid.UUID) (model.Appearance, error) {
	var a model.Appearance
	text, err := s.Setting(ctx, appearanceKey(user))
	if errors.Is(err, model.ErrNotFound) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return a, fmt.Errorf("read how pages look: %w", err)
	}
	return a, nil
}

// SetAppearance keeps how a user wants the pages to look.
func (s *Store) SetAppearance(ctx context.Context, user uuid.UUID, a model.Appearance) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write how pages look: %w", err)
	}
	return s.SetSetting(ctx, appearanceKey(user), string(text))
}
