package handlers

import (
	"context"
	"path"
	"strconv"
	"strings"

	"keepstead/model"
	"keepstead/views"
)

// readAppRestore reads the part of the form that brings an app back. Fields of another mode are passed over: the page
// hides them, it does not take them away.
func readAppRestore(problems *model.Invalids, f views.RestoreForm) model.AppRestore {
	out := model.AppRestore{Mode: model.AppMode(f.Mode), LeaveStopped: f.Start != "on"}
	switch out.Mode {
	case model.AppParts:
		out.Volumes = unwrapped(problems, "volumes", f.Volumes)
		out.Databases = unwrapped(problems, "databases", f.Databases)
		out.SkipSafety = f.Safety != "on"
	case model.AppCopy:
		out.Project, out.Folder = strings.TrimSpace(f.Project), strings.TrimSpace(f.Folder)
		out.Isolated, out.Ports = f.Isolated == "on", readPorts(problems, f)
	default:
		out.SkipSafety = f.Safety != "on"
	}
	return out
}

func readPorts(problems *model.Invalids, f views.RestoreForm) map[string]int {
	out := map[string]int{}
	for i, from := range f.PortsFrom {
		if i >= len(f.PortsTo) || strings.TrimSpace(f.PortsTo[i]) == "" {
			continue
		}
		to, err := strconv.Atoi(strings.TrimSpace(f.PortsTo[i]))
		if err != nil {
			problems.Add("ports", "Give port %s a number, or leave it empty for a free one.", from)
			continue
		}
		out[from] = to
	}
	return out
}

// prepareAppRestore adds to the form of a restore what the snapshot holds of the app, and what is offered first.
func (h *Handlers) prepareAppRestore(ctx context.Context, p *views.RestoreProps) {
	contents, err := h.contents(ctx, p.Snapshot.ID)
	if err != nil || contents == nil { // the page says so, and offers the files
		return
	}
	p.Contents, p.Damaged = contents, damaged(p.App)
	p.Replaced = h.Jobs.Replaces(p.Snapshot.Snapshot, *contents)
	switch {
	case p.Form.Mode != "":
	case len(p.Form.Files) > 0:
		p.Form.Mode = views.ModeFiles
	case p.Damaged:
		p.Form.Mode = string(model.AppInPlace)
	default:
		p.Form.Mode = string(model.AppParts) // nothing is ticked, so nothing is replaced by a hasty press
	}
	if p.Form.Project == "" && len(p.Errors) == 0 {
		p.Form.Project = projectBeside(contents.Project, contents.AppName)
		p.Form.Folder = path.Join(beside(contents.WorkingDir), p.Form.Project)
	}
}

// damaged says that an app is gone, or that one of its services does not run as it should. A service that ended beside
// others that run had its one task, such as a migration: one that serves nothing, and is no database.
func damaged(a model.App) bool {
	if a.Gone || a.ForgottenAt != nil || a.Found == nil {
		return true
	}
	ended := 0
	for _, s := range a.Found.Services {
		if s.Running == 0 && s.State == "exited" && s.Health == "" && s.Database == "" && len(s.Ports) == 0 {
			ended++
			continue
		}
		if s.Running == 0 || s.Health == "unhealthy" || s.State == "restarting" || s.State == "dead" {
			return true
		}
	}
	return ended == len(a.Found.Services)
}

// projectBeside is a name for a copy of a project, in the letters that compose allows.
func projectBeside(names ...string) string {
	for _, name := range names {
		name = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				return r
			}
			return '-'
		}, strings.ToLower(name))
		if name = strings.Trim(name, "-_"); name != "" {
			return name[:min(len(name), 31)] + "-restored"
		}
	}
	return "restored"
}

// beside is the folder in which the folder of a project lies.
func beside(workingDir string) string {
	if parent := path.Dir(path.Clean(workingDir)); path.IsAbs(workingDir) && parent != "/" {
		return parent
	}
	return "/opt"
}
