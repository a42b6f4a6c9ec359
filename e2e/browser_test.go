package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"keepstead/testbed"
)

// axe is the accessibility checker of Deque, Mozilla Public License 2.0; only tests carry it.
//
//go:embed testdata/axe-4.14.1.min.js
var axe string

// screen is a size and theme that pages are looked at in.
type screen struct {
	name          string
	width, height int64
	phone         bool
}

var screens = []screen{{"desktop", 1280, 900, false}, {"phone", 375, 812, true}}

// tab is a page in a real Chromium.
type tab struct {
	t       testing.TB
	ctx     context.Context
	base    string
	mu      sync.Mutex
	errors  []string
	allowed []string // how complaints begin that the test provokes
}

// browse starts a Chromium with one tab of the given size.
func browse(t testing.TB, base string, s screen) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		testbed.Missing(t, "chromium is missing; `apt-get install chromium` lets the browser tests run.")
	}
	at, err := url.Parse(base)
	if err != nil {
		t.Fatalf("read Keepstead's address: %v", err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatalf("read Keepstead's port: %v", err)
	}
	network := testbed.Seclude(t)
	network.Reach(t, port)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			network.Enter(cmd)
		}),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	b := openTab(ctx, t, end, base)
	b.resize(s)
	return b
}

// openTab makes a tab of a new context of chromedp, and closes it when the test ends, once nothing is left to complain of.
func openTab(ctx context.Context, t testing.TB, end func(), base string) *tab {
	t.Helper()
	b := &tab{t: t, ctx: ctx, base: base}
	t.Cleanup(func() {
		ask[bool](b, "true") // what was said before this is heard then
		b.judge(t, "at the end")
		end()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // its context is the browser's life
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("listen to the tab: %v", err)
	}
	return b
}

// resize makes the tab that of another screen.
func (b *tab) resize(s screen) {
	b.t.Helper()
	size := []chromedp.EmulateViewportOption{}
	if s.phone {
		size = append(size, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	b.do("set the size", chromedp.EmulateViewport(s.width, s.height, size...))
}

// allow has the tab take for no fault what the test provokes: complaints that begin so, such as “422 from /signin”.
func (b *tab) allow(beginnings ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, beginnings...)
}

// listen keeps what a developer would see in red: exceptions, errors on the console, what could not be loaded or was
// refused by the content security policy; and requests to anywhere but Keepstead.
func (b *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complain(fmt.Sprintf("%+v", e.ExceptionDetails))
	case *page.EventJavascriptDialogOpening:
		b.complain("a dialog was opened: " + e.Message)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.complain(inRed(e.Entry, b.base))
		}
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "http") && !strings.HasPrefix(e.Request.URL, b.base+"/") {
			b.complain("a request to " + e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			for _, arg := range e.Args {
				b.complain(fmt.Sprintf("console: %s%s", arg.Value, arg.Description))
			}
		}
	}
}

// answered is how Chromium writes of an answer with the status of an error.
var answered = regexp.MustCompile(`responded with a status of (\d+)`)

// inRed is an entry of the browser's log: “404 from /nowhere”, or its text and address.
func inRed(e *log.Entry, base string) string {
	if m := answered.FindStringSubmatch(e.Text); m != nil {
		return m[1] + " from " + strings.TrimPrefix(e.URL, base)
	}
	return e.Text + " " + e.URL
}

// cutStreams are what Chromium and htmx write of a stream that ends, as it does with its session and when Keepstead starts
// anew. The page says so itself and catches up, which TestALostStream sees.
var cutStreams = []string{`console: "[object Event]"`, "Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING"}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, beginning := range slices.Concat(cutStreams, b.allowed) {
		if strings.HasPrefix(text, beginning) {
			return
		}
	}
	b.errors = append(b.errors, text)
}

// judge fails the test when the browser complained since the last time.
func (b *tab) judge(t testing.TB, when string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		t.Errorf("%s: the browser complained: %s", when, strings.Join(b.errors, "; "))
		b.errors = nil
	}
}

// do does the actions within a minute, and fails the test when the browser complained meanwhile.
func (b *tab) do(doing string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.fatal(doing, err)
	}
	b.judge(b.t, doing)
}

// fatal ends the test with what the page shows.
func (b *tab) fatal(doing string, err error) {
	b.t.Helper()
	shown := ask[string](b, `location.href + ": " + (document.querySelector("main") ?? document.body).innerText`)
	b.t.Fatalf("%s: %v; the page is %s", doing, err, shown)
}

// ask returns the value of a script, or the zero value while the page cannot answer.
func ask[T any](b *tab, script string) T { return askWithin[T](b, 20*time.Second, script) }

// askWithin is ask for a script that takes its time.
func askWithin[T any](b *tab, limit time.Duration, script string) T {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		var none T
		return none
	}
	return out
}

// script runs a script whose value does not matter.
func (b *tab) script(doing, script string) {
	b.t.Helper()
	b.do(doing, chromedp.Evaluate[chromedp.Void](script))
}

// visit opens a path.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.do("visit "+path, chromedp.Navigate(b.base+path), chromedp.WaitReady("main"))
}

// fill types into the field of that name.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	field := fmt.Sprintf(`main [name=%q]:not([type=hidden])`, name)
	b.do("fill "+name, chromedp.WaitVisible(field), chromedp.SetValue(field, value))
}

// press clicks the first visible button or link of the page whose text is label.
func (b *tab) press(label string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("main button, main a")].find(e => e.innerText.trim() === %s && e.checkVisibility())`, quote(label))
	b.await(label+" can be pressed", find+" !== undefined")
	b.script("press "+label, find+".click()")
}

// await waits until an expression is true on a page that is there as a whole; the page may change meanwhile.
func (b *tab) await(what, script string) {
	b.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ask[bool](b, `document.readyState === "complete" && (`+script+`)`) {
			return
		}
	}
	b.fatal("wait until "+what, context.DeadlineExceeded)
}

// says waits until the page's main part shows the text.
func (b *tab) says(text string) {
	b.t.Helper()
	b.await("it says “"+text+"”", fmt.Sprintf(`document.querySelector("main").innerText.includes(%s)`, quote(text)))
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// mark leaves a sign in the page that a reload would lose; unreloaded fails when it is lost.
func (b *tab) mark() {
	b.t.Helper()
	b.script("mark the page", "window.stillHere = true")
}

func (b *tab) unreloaded() {
	b.t.Helper()
	if !ask[bool](b, "window.stillHere === true") {
		b.t.Error("the page was loaded anew where it should have changed by itself")
	}
}

// axeOptions have axe say nothing of what is right. A theme changes colours only, so the dark one is checked for those; the
// contrast that is turned off is the one beyond what the other asks, which axe leaves out too unless it is told the tag.
var axeOptions = map[string]string{
	"light": `{resultTypes: ["violations"]}`,
	"dark":  `{resultTypes: ["violations"], runOnly: {type: "tag", values: ["cat.color"]}, rules: {"color-contrast-enhanced": {enabled: false}}}`,
}

// accessible runs axe in both themes, and looks for a page wider than its window.
func (b *tab) accessible(where string) {
	b.t.Helper()
	b.script("bring axe", axe)
	for _, theme := range []string{"dark", "light"} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		if err != nil {
			b.fatal("set the theme", err)
		}
		found := askWithin[[]string](b, 3*time.Minute, `axe.run(document, `+axeOptions[theme]+`).then(r => ["ran", ...r.violations.map(v => v.id + " at " + v.nodes.map(n => n.target).join(" "))])`)
		if len(found) == 0 {
			b.t.Fatalf("%s, %s: axe did not run", where, theme)
		}
		for _, problem := range found[1:] {
			b.t.Errorf("%s, %s: axe found %s", where, theme, problem)
		}
	}
	b.fits(where)
}

// fits looks for a page wider than its window.
func (b *tab) fits(where string) {
	b.t.Helper()
	if wide := ask[string](b, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
		.map(e => e.tagName + "." + e.className).slice(0, document.documentElement.scrollWidth > document.documentElement.clientWidth ? 5 : 0).join(" ")`); wide != "" {
		b.t.Errorf("%s is wider than its window: %s", where, wide)
	}
}

// submit presses the main button of the page's form.
func (b *tab) submit() {
	b.t.Helper()
	b.script("submit", `document.querySelector("main form .btn-primary").click()`)
}
