package database

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc64"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

func newTarget(t *testing.T) *target {
	t.Helper()
	host := device.NewLocal(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { _ = host.Close() })
	files, err := host.Files()
	if err != nil {
		t.Fatal(err)
	}
	return &target{files: files, dir: t.TempDir(), progress: func(int64) {}}
}

const plainDump = `--
-- PostgreSQL database dump
--

\restrict k3y

SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE DATABASE shop WITH TEMPLATE = template0;
\unrestrict k3y
\connect shop
\restrict k3y

--
-- Name: timescaledb; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA "odd schema";

--
-- Name: t; Type: TABLE; Schema: public; Owner: boss
--

CREATE TABLE public.t (x text);

--
-- Name: load(); Type: FUNCTION; Schema: public; Owner: boss
--

CREATE FUNCTION public.load() RETURNS void LANGUAGE plpgsql AS $$
COPY public.t (x) FROM stdin;
$$;

--
-- Name: _hyper_1_1_chunk; Type: TABLE; Schema: _timescaledb_internal; Owner: boss
--

--
-- Name: v; Type: VIEW; Schema: public; Owner: boss
--

--
-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: boss
--

COPY public.t (x) FROM stdin;
--
-- Name: x; Type: TABLE; Schema: public; Owner: y
--
\restrict k3y
--
-- PostgreSQL database dump complete
--
CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA public;
\.


--
-- PostgreSQL database dump complete
--

\unrestrict k3y

`

func scanned(text string) *pgScan {
	var scan pgScan
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		scan.line([]byte(line))
	}
	return &scan
}

func TestPostgresDumpIsWholeOnlyAtItsEnd(t *testing.T) {
	t.Parallel()
	scan := scanned(plainDump)
	if !scan.whole() || scan.objects != 2 {
		t.Errorf("whole %v, %d objects", scan.whole(), scan.objects)
	}
	end := strings.LastIndex(plainDump, "-- PostgreSQL database dump complete\n--") + len("-- PostgreSQL database dump complete\n--")
	for cut := range end {
		if scanned(plainDump[:cut]).whole() {
			t.Errorf("whole although cut at %d: %q", cut, plainDump[max(0, cut-40):cut])
		}
	}
}

func TestPostgresDumpIsFitted(t *testing.T) {
	t.Parallel()
	f := &pgFilter{}
	out, err := io.ReadAll(transform(strings.NewReader(plainDump), f.line, f.end))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"\n\n\\restrict k3y\n\nSET", "\n\n\nSET", "SELECT pg_catalog.set_config('search_path', '', false);\n", "", "\\unrestrict k3y\n\\connect shop\n\\restrict k3y\n", "\\connect shop\n",
		"\n\n\\unrestrict k3y\n\n", "\n\n\n", "SCHEMA \"odd schema\";\n", "SCHEMA \"odd schema\";\nSELECT \"odd schema\".timescaledb_pre_restore();\n",
	).Replace(plainDump) + "\nSELECT \"odd schema\".timescaledb_post_restore();\n"
	if string(out) != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
}

func TestTransformPassesLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20) + "\n" + `\restrict no` + strings.Repeat("y", 300<<10) + "\nend"
	f := &pgFilter{restrict: "k"}
	out, err := io.ReadAll(transform(iotestHalf{strings.NewReader(long)}, f.line, f.end))
	if err != nil || string(out) != long {
		t.Errorf("%d bytes of %d, %v", len(out), len(long), err)
	}
	broken := errors.New("broken")
	_, err = io.ReadAll(transform(io.MultiReader(strings.NewReader("a\nb"), failing{broken}), func(w *bufio.Writer, line []byte) error {
		_, err := w.Write(line)
		return err
	}, f.end))
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type iotestHalf struct{ r io.Reader }

func (h iotestHalf) Read(p []byte) (int, error) { return h.r.Read(p[:(len(p)+1)/2]) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

const serverDump = `/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19
/*!40101 SET NAMES utf8mb4 */;

--
-- Current Database: ` + "`a``b`" + `
--

USE ` + "`a``b`" + `;
-- Table structure for table ` + "`t`" + `
INSERT INTO t VALUES ('-- Current Database: c');
-- Temporary table structure for view ` + "`v`" + `

--
-- Current Database: ` + "`c`" + `
--

-- Sequence structure for ` + "`s`" + `

--
-- Current Database: ` + "`a``b`" + `
--

-- Final view structure for view ` + "`v`" + `
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
-- Dump completed on 2026-01-01
`

func split(t *testing.T, text string, piece int) ([]model.Dump, error) {
	t.Helper()
	s := &mySplit{target: newTarget(t), parts: []*myPart{{database: "a`b", name: "1.sql"}, {database: "c", name: "2.sql"}}}
	defer s.abandon()
	for rest := []byte(text); len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if _, err := s.Write(rest[:min(piece, len(rest))]); err != nil {
			return nil, err
		}
	}
	return s.finish(func(name string) model.Dump { return model.Dump{Database: name} })
}

func TestDumpOfAllDatabasesIsTakenApart(t *testing.T) {
	t.Parallel()
	for _, piece := range []int{1, 7, 1 << 20} {
		dumps, err := split(t, serverDump, piece)
		if err != nil || len(dumps) != 2 || dumps[0].Objects != 2 || dumps[1].Objects != 1 {
			t.Fatalf("dumps %+v, %v", dumps, err)
		}
		var texts [2]string
		for i, d := range dumps {
			raw, err := os.ReadFile(d.File)
			if err != nil || int64(len(raw)) != d.Bytes {
				t.Fatalf("%d bytes, %v", len(raw), err)
			}
			texts[i] = string(raw)
		}
		for i, want := range [][]string{{"NAMES", "INSERT", myViews, "Final view", "@OLD_TIME", "completed"}, {"NAMES", "Sequence", "@OLD_TIME", "completed"}} {
			last := 0
			for _, w := range want {
				at := strings.Index(texts[i], w)
				if at < last || strings.Count(texts[i], w) != 1 {
					t.Errorf("%q is not in its place:\n%s", w, texts[i])
				}
				last = at
			}
		}
		if strings.Contains(texts[0]+texts[1], "sandbox") || strings.Contains(texts[1], "INSERT") {
			t.Errorf("too much:\n%s", texts[1])
		}
		views, err := io.ReadAll((&myFilter{from: myViews}).over(strings.NewReader(texts[0])))
		if err != nil || strings.Contains(string(views), "INSERT") || !strings.Contains(string(views), "NAMES") || !strings.Contains(string(views), "Final view") {
			t.Errorf("the views are\n%s", views)
		}
	}
}

func TestDumpOfAllDatabasesThatIsCut(t *testing.T) {
	t.Parallel()
	whole := strings.Index(serverDump, "-- Dump completed") + len("-- Dump completed")
	for cut := 0; cut < whole; cut += 5 {
		if _, err := split(t, serverDump[:cut], 64); !errors.Is(err, ErrCut) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	if _, err := split(t, strings.ReplaceAll(serverDump, "`c`", "`d`"), 64); !errors.Is(err, ErrCut) {
		t.Errorf("another database: %v", err)
	}
}

// snapshotHex is a snapshot of Redis 7 with keys of all types in two databases, two of them with a time to live.
func snapshot(keys int) []byte {
	var b bytes.Buffer
	b.WriteString("REDIS0010")
	b.Write([]byte{0xFA, 1, 'k', 1, 'v', 0xFE, 0, 0xFB, 2, 1})
	for i := range keys {
		b.Write([]byte{0, 0xC2, byte(i), byte(i >> 8), 0, 0, 3, 'a', 'b', 'c'})
	}
	b.Write([]byte{0xFC, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 'x', 0xC3, 2, 4, 'z', 'z'}) // compressed, and with a time to live
	b.Write([]byte{0xFE, 3, 18, 1, 'l', 1, 2, 3, 9, 9, 9, 0xFF})
	sum := ^crc64.Update(^uint64(0), crc64.MakeTable(rdbPolynomial), b.Bytes())
	return binary.LittleEndian.AppendUint64(b.Bytes(), sum)
}

func takeRDB(t *testing.T, raw []byte, piece int) (model.Dump, int, error) {
	t.Helper()
	f, err := newTarget(t).create("dump.rdb", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.abandon()
	r := newRDB(f)
	defer r.abandon()
	for rest := raw; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if _, err := r.Write(rest[:min(piece, len(rest))]); err != nil {
			t.Fatal(err)
		}
	}
	n, err := r.finish()
	if err != nil {
		return model.Dump{}, 0, err
	}
	d, err := f.close(model.Dump{})
	return d, n, err
}

func TestRedisSnapshotIsWhole(t *testing.T) {
	t.Parallel()
	if sum := ^crc64.Update(^uint64(0), crc64.MakeTable(rdbPolynomial), []byte("123456789")); sum != 0xe9c6d914c4b8d9ca {
		t.Fatalf("the checksum is %x, not as Redis computes it", sum)
	}
	raw := snapshot(100)
	unsummed := append(slices.Clone(raw[:len(raw)-8]), make([]byte, 8)...)
	mark := []byte(hex.EncodeToString(make([]byte, 20)))
	for name, tt := range map[string]struct{ sent, want []byte }{
		"plain": {raw, raw}, "with a mark": {slices.Concat(raw, mark), raw}, "without a checksum": {unsummed, unsummed},
		"neither": {slices.Concat(unsummed, mark), unsummed},
	} {
		for _, piece := range []int{1, 13, 1 << 20} {
			d, n, err := takeRDB(t, tt.sent, piece)
			if err != nil {
				t.Errorf("%s in pieces of %d: %v", name, piece, err)
				continue
			}
			got, err := os.ReadFile(d.File)
			if err != nil || !bytes.Equal(got, tt.want) || n != 101 {
				t.Errorf("%s: %d bytes of %d, %d keys, %v", name, len(got), len(tt.want), n, err)
			}
		}
	}
}

func TestRedisSnapshotThatIsCut(t *testing.T) {
	t.Parallel()
	raw := snapshot(30)
	for cut := range raw {
		if _, _, err := takeRDB(t, raw[:cut], 64); !errors.Is(err, ErrCut) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	for at := 9; at < len(raw)-8; at += 11 {
		changed := slices.Clone(raw)
		changed[at] ^= 4
		if _, _, err := takeRDB(t, changed, 64); !errors.Is(err, ErrCut) {
			t.Errorf("changed at %d: %v", at, err)
		}
	}
}

func TestMongoCounts(t *testing.T) {
	t.Parallel()
	c := &mongoCounts{match: mongoDumped}
	for _, p := range []string{
		"2026-01-01T00:00:00\tdone dumping `shop.things` (3000 documents)\n2026-01-01\tdone dumping `shop.we.ird na", "me` (1 document)\n",
		"x\tdone dumping `shop.system.buckets.weather` (4 documents)\n",
		"x\tdone dumping admin.system.users (7 documents)\nx\tdone dumping shop.system.views (7 documents)\nx\tdone dumping old.style (20 documents)\n",
	} {
		if _, err := c.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if c.total != 3025 {
		t.Errorf("%d documents", c.total)
	}
}

func TestMongoCountsTimeSeriesAsTheyComeBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shop.weather", "shop.system.buckets.weather"} {
		c := &mongoCounts{match: mongoRestored}
		_, err := c.Write([]byte("x\tfinished restoring `" + name + "` (4 documents, 0 failures)\n"))
		if err != nil || c.total != 4 {
			t.Errorf("%s: %d documents, %v", name, c.total, err)
		}
	}
}

func TestSafeName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"shop": "07-shop.sql", "../../etc/passwd": "07-______etc_passwd.sql", "-rf /": "07--rf__.sql", "": "07-.sql", "日本\n\x00": "07-____.sql",
		strings.Repeat("a", 300): "07-" + strings.Repeat("a", 60) + ".sql",
	} {
		if got := safeName(7, name, ".sql"); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	c := docker.Container{
		Env:        map[string]string{"POSTGRES_PASSWORD": "hunter22", "DATABASE_URL": "postgres://u:pw@db/x", "PATH": "/usr/bin", "MYSQL_PASSWORD_FILE": "/run/secrets/pw", "API_KEY": "abc"},
		Entrypoint: []string{"sh", "-c", "exec redis-server --requirepass 'in the open'"}, Cmd: []string{"--requirepass=plainly"},
	}
	said := "PATH /usr/bin, hunter22, postgres://u:pw@db/x, /run/secrets/pw, in the open, plainly"
	want := "PATH /usr/bin, [hidden], [hidden], /run/secrets/pw, [hidden], [hidden]"
	if got := scrubber(c).Replace(said); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
