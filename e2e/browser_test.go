package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
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
	t      testing.TB
	ctx    context.Context
	base   string
	strict bool // what the page writes to the console as an error counts
	mu     sync.Mutex
	errors []string
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
	t.Cleanup(func() { end(); stop() })
	b := &tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // its context is the browser's life
		t.Fatalf("open a browser: %v", err)
	}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("listen to the browser: %v", err)
	}
	b.resize(s)
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

// listen keeps what a developer would see in red: exceptions, what the content security policy refused, requests to
// anywhere but Keepstead, and where the tab is strict what the page itself calls an error.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *page.EventJavascriptDialogOpening:
		b.errors = append(b.errors, "a dialog was opened: "+e.Message)
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.errors = append(b.errors, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "http") && !strings.HasPrefix(e.Request.URL, b.base+"/") {
			b.errors = append(b.errors, "a request to "+e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if b.strict && e.Type == runtime.ConsoleAPICalledTypeError {
			for _, arg := range e.Args {
				b.errors = append(b.errors, fmt.Sprintf("%s%s", arg.Value, arg.Description))
			}
		}
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
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		b.t.Errorf("%s: the browser complained: %s", doing, strings.Join(b.errors, "; "))
		b.errors = nil
	}
}

// fatal ends the test with what the page shows.
func (b *tab) fatal(doing string, err error) {
	b.t.Helper()
	shown := ask[string](b, `location.href + ": " + (document.querySelector("main") ?? document.body).innerText`)
	b.t.Fatalf("%s: %v; the page is %s", doing, err, shown)
}

// ask returns the value of a script, or the zero value while the page cannot answer.
func ask[T any](b *tab, script string) T {
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
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
		found := ask[[]string](b, `axe.run(document, `+axeOptions[theme]+`).then(r => ["ran", ...r.violations.map(v => v.id + " at " + v.nodes.map(n => n.target).join(" "))])`)
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
