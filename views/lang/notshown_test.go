package lang

// notShown are strings of the source that read like texts and are on no page.
var notShown = []string{
	"Applied to every new app.",
	"HX-Request",
	"This machine",
	"data: {x}",
	"event: {x}",
	"one {x}",
	"retry: 2000\nevent: hello\ndata: ok",
	"{n} container is",
	"{n} containers are",
	"{n} {x}s",
	"{x}-restored",
}
