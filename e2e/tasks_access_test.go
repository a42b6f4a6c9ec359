package e2e

// lookIntoAudit finds out who removed a user, and that somebody tried to sign in.
func (p *person) lookIntoAudit(*house) {
	p.nav("Settings")
	p.send("Open the audit log")
	p.listed("Remove", "Done")
	p.look("the audit log")
	p.choose("What", "Removals", "Filter")
	p.listed("Remove", "Done")
	p.write("Subject", "ann-"+string(p.way[3:5]))
	p.submitFrom("Filter")
	p.has("main tbody tr", "User ann-"+string(p.way[3:5]))
	p.has("main tbody tr", "admin 127.0.0.1")
	p.write("Subject", "nobody at all")
	p.submitFrom("Filter")
	p.says("No entry matches")
	p.look("the audit log, with a filter that finds nothing")
	p.send("Clear")
	p.listed("Remove", "Done")
}
