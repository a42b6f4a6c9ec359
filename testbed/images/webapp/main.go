// Webapp is the program of the test image webapp:1: a web server small enough for two hundred containers. Its
// environment tells it what to be:
//
//	LISTEN     the address to serve on, :8080 in the image
//	LOG        a file to append a numbered line to every 20 ms, synced
//	NEEDS      addresses (host:port, by commas) that must answer for it to be healthy
//	UNHEALTHY  set to anything: it never becomes healthy
//	GREETING   what the front page says
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	if len(args) > 0 && args[0] == "healthcheck" {
		return ask(ctx)
	}
	if path := os.Getenv("LOG"); path != "" {
		go func() {
			if err := write(ctx, path); err != nil {
				log.Fatal(err)
			}
		}()
	}
	return serve(ctx)
}

func serve(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, os.Getenv("GREETING"))
	})
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, strings.Join(os.Environ(), "\n"))
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := healthy(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func healthy() error {
	if os.Getenv("UNHEALTHY") != "" {
		return errors.New("told to be unhealthy")
	}
	if os.Getenv("NEEDS") == "" {
		return nil
	}
	for _, address := range strings.Split(os.Getenv("NEEDS"), ",") {
		conn, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			return err
		}
		_ = conn.Close()
	}
	return nil
}

// ask is the container's health check: an answer of 200 from the server beside it.
func ask(ctx context.Context) error {
	_, port, err := net.SplitHostPort(os.Getenv("LISTEN"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}

// write appends lines whose numbers have no gap, so that a copy of the file shows where it was taken.
func write(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 1; ; n++ {
		if _, err := fmt.Fprintf(f, "%08d %s\n", n, time.Now().UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
