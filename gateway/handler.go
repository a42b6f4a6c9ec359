package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// handler answers restic's requests.
type handler struct {
	storage    Storage // asked again when it fails
	bare       Storage // as it was given
	appendOnly bool
	keys       bool
	known      bool
	secret     *[sha256.Size]byte // hash of the secret; nil asks for none
	log        *slog.Logger
	limiter    *rate.Limiter
	limits     limits
	spool      string // folder; empty where uploads go straight to the storage
	counts     counts

	mu    sync.Mutex
	locks map[string]bool // ids of the locks that came through here
}

func newHandler(s Storage, o Options) *handler {
	h := &handler{
		bare: s, appendOnly: o.AppendOnly, keys: o.Keys, known: o.Known, log: o.Log, limiter: newLimiter(o.BytesPerSecond), limits: o.limits, spool: o.Spool,
		locks: map[string]bool{},
	}
	if o.Secret != "" {
		sum := sha256.Sum256([]byte(o.Secret))
		h.secret = &sum
	}
	if _, ok := s.(rereader); ok && h.spool == "" {
		h.spool = os.TempDir()
	}
	h.storage = &patient{storage: s, patience: o.Patience, log: o.Log}
	return h
}

// counts are the figures of a server.
type counts struct {
	in, out, deletes, writes atomic.Int64
	failure                  atomic.Pointer[error]
}

func (c *counts) stats() Stats {
	out := Stats{In: c.in.Load(), Out: c.out.Load(), RefusedDeletes: c.deletes.Load(), RefusedWrites: c.writes.Load()}
	if failure := c.failure.Load(); failure != nil {
		out.Failure = *failure
	}
	return out
}

// refusal is a request that is not done, for a reason that lies with the client.
type refusal struct {
	status int
	reason string
}

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

var (
	errMethod = &refusal{http.StatusMethodNotAllowed, "This cannot be done here."}
	errSecret = &refusal{http.StatusUnauthorized, "This repository is lent to another job."}
)

// ServeHTTP does one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := watchedOf(r)
	conn.disarm()
	defer conn.arm() // for the rest of the answer and of the upload, until the connection is idle
	s := &stream{h: h, ctx: r.Context(), conn: conn, from: r.Body, to: w}
	if err := h.serve(s, w, r); err != nil {
		h.answer(s, w, r, err)
	}
}

func (h *handler) serve(s *stream, w http.ResponseWriter, r *http.Request) error {
	if !h.knows(r) {
		return errSecret
	}
	t, err := parse(r.URL)
	if err != nil {
		return err
	}
	if r.URL.RawQuery != "" && !(t.root() && r.Method == http.MethodPost) {
		return errAddress
	}
	switch {
	case t.root():
		return h.repository(r)
	case t.list():
		return h.list(s, w, r, t)
	}
	switch r.Method {
	case http.MethodHead:
		return h.stat(w, r, t)
	case http.MethodGet:
		return h.load(s, w, r, t)
	case http.MethodPost:
		return h.save(s, r, t)
	case http.MethodDelete:
		return h.remove(r, t)
	}
	return errMethod
}

// knows says whether the client gave the secret. Hashes are compared, so that the time tells nothing.
func (h *handler) knows(r *http.Request) bool {
	if h.secret == nil {
		return true
	}
	_, given, _ := r.BasicAuth()
	sum := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(sum[:], h.secret[:]) == 1
}

// answer turns an error into a status. What the storage said stays here: it may tell what the client need not know.
func (h *handler) answer(s *stream, w http.ResponseWriter, r *http.Request, err error) {
	log := h.log.With("method", r.Method, "path", r.URL.Path)
	status, reason := classify(err)
	if (s.gone != nil || r.Context().Err() != nil) && !errors.As(err, new(*refusal)) {
		status, reason = http.StatusServiceUnavailable, "The request was broken off." // for nobody, or for the last at the end
	}
	switch status {
	case http.StatusForbidden, http.StatusUnauthorized:
		log.Warn("refused", "reason", reason, "error", err)
		if errors.Is(err, fs.ErrPermission) {
			h.counts.failure.Store(&err)
		}
	case http.StatusInternalServerError, http.StatusInsufficientStorage:
		log.Error("the storage failed", "error", err)
		h.counts.failure.Store(&err)
	default:
		log.Debug("not done", "reason", reason)
	}
	if s.begun {
		return // what is out is too short, and the client sees that it is
	}
	for _, name := range []string{"Content-Length", "Content-Range", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="keepstead", charset="utf-8"`)
	}
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // rather than wait for the rest of an upload that nobody wants
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, reason)
}

// classify is the one place where errors become statuses. restic gives up at once at 401, 403, 404, 416 and 507, and
// tries again at the others.
func classify(err error) (status int, reason string) {
	var no *refusal
	switch {
	case errors.As(err, &no):
		return no.status, no.reason
	case errors.Is(err, fs.ErrNotExist):
		return http.StatusNotFound, "There is no such file."
	case errors.Is(err, ErrRange):
		return http.StatusRequestedRangeNotSatisfiable, "The range lies beyond the end of the file."
	case full(err):
		return http.StatusInsufficientStorage, "The storage is full."
	case errors.Is(err, fs.ErrPermission):
		return http.StatusForbidden, "The storage does not allow this."
	}
	return http.StatusInternalServerError, "The storage failed."
}

// repository answers what is asked of the repository as a whole: only whether one may be made here.
func (h *handler) repository(r *http.Request) error {
	switch {
	case r.Method == http.MethodDelete:
		h.counts.deletes.Add(1)
		return &refusal{http.StatusForbidden, "A repository is not deleted through here."}
	case r.Method != http.MethodPost:
		return errMethod
	case r.URL.RawQuery != "create=true":
		return errAddress
	case h.known:
		h.counts.writes.Add(1)
		return errKnown
	}
	_, err := h.storage.Stat(r.Context(), kindConfig)
	if err == nil {
		return &refusal{http.StatusForbidden, "There is a repository here already."}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for a repository: %w", err)
	}
	if c, ok := h.bare.(creator); ok {
		if err := c.create(r.Context()); err != nil {
			return fmt.Errorf("make the repository's folders: %w", err)
		}
	}
	return nil
}
