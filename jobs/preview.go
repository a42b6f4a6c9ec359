package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
)

// maxPreviews bounds the previews at once; one more waits.
const maxPreviews = 4

// Preview returns the beginning of a file of a snapshot, as what its content is.
func (m *Manager) Preview(ctx context.Context, snapshot uuid.UUID, name string) (model.Preview, error) {
	node, head, err := m.head(ctx, snapshot, name, model.MaxPreviewText)
	if err != nil {
		return model.Preview{}, err
	}
	return preview(node, head), nil
}

// Picture returns a whole image of a snapshot. What is no image that can be shown is model.ErrNotFound.
func (m *Manager) Picture(ctx context.Context, snapshot uuid.UUID, name string) (model.Picture, error) {
	node, data, err := m.head(ctx, snapshot, name, model.MaxPreviewImage)
	if err != nil {
		return model.Picture{}, err
	}
	media := http.DetectContentType(data)
	if !slices.Contains(pictures(), media) || int64(len(data)) < node.Size {
		return model.Picture{}, fmt.Errorf("show %q of snapshot %s as an image: %w", name, snapshot, model.ErrNotFound)
	}
	return model.Picture{Media: media, Data: data}, nil
}

// pictures are the image types that are shown: none that may hold a script.
func pictures() []string { return []string{"image/png", "image/jpeg", "image/gif", "image/webp"} }

// errHead ends a dump that has given as much as is shown.
var errHead = errors.New("the head was read")

// head reads the first bytes of a file and ends restic then.
func (m *Manager) head(ctx context.Context, snapshot uuid.UUID, name string, limit int) (model.Node, []byte, error) {
	s, err := m.readable(ctx, snapshot)
	if err != nil {
		return model.Node{}, nil, err
	}
	select {
	case m.previews <- struct{}{}:
		defer func() { <-m.previews }()
	case <-ctx.Done():
		return model.Node{}, nil, ctx.Err()
	}
	var node model.Node
	out := &headWriter{limit: limit}
	err = m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		var raw string
		if node, raw, err = o.repo.Node(ctx, s.ResticSnapshotID, name); err != nil {
			return err
		}
		if node.Type != "file" {
			return model.Invalid{Field: "path", Reason: "Only files can be shown, and this is a " + kindWord(node.Type) + "."}
		}
		return o.repo.Dump(ctx, s.ResticSnapshotID, raw, "", out)
	})
	if err != nil && !errors.Is(err, errHead) {
		return node, nil, err
	}
	return node, out.data, nil
}

func kindWord(kind string) string {
	if kind == "dir" {
		return "folder"
	}
	return kind
}

// headWriter keeps the first bytes and fails once it has them.
type headWriter struct {
	data  []byte
	limit int
}

// Write takes what there is room for.
func (w *headWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.limit-len(w.data))
	w.data = append(w.data, p[:n]...)
	if len(w.data) == w.limit {
		return n, errHead
	}
	return n, nil
}

var _ io.Writer = (*headWriter)(nil)

// preview decides by the content what a file is; its name may lie.
func preview(node model.Node, head []byte) model.Preview {
	p := model.Preview{Node: node, Media: http.DetectContentType(head)}
	image := slices.Contains(pictures(), p.Media)
	if text, encoding, ok := asText(head, int64(len(head)) < node.Size); ok && !image {
		p.Kind, p.Text, p.Encoding, p.Shown = model.PreviewText, text, encoding, int64(len(head))
		p.Truncated = p.Shown < node.Size
		return p
	}
	if image && node.Size <= model.MaxPreviewImage {
		p.Kind, p.Shown = model.PreviewImage, node.Size
		return p
	}
	p.Kind, p.TooLarge = model.PreviewBinary, image
	p.Head = head[:min(len(head), model.MaxPreviewHex)]
	p.Shown = int64(len(p.Head))
	p.Truncated = p.Shown < node.Size
	return p
}
