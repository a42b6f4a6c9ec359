package lang

// notShown are strings of the source that read like texts and are on no page.
var notShown = []string{
	"{n} container is",
	"{n} containers are",
}
