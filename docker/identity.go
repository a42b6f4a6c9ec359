package docker

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/uuid"

	"keepstead/model"
)

// Match finds, among apps known from before, the one that a project is: under the same name, or renamed or moved. The
// caller leaves out of old what is surely something else: apps of other devices, and those whose own project is still
// there under its name. It is false for a project that is new.
func Match(old []model.App, p Project) (uuid.UUID, bool) {
	for _, same := range []func(model.App, Project) bool{sameName, sameContainers, sameFiles, sameVolumes, sameShape} {
		for _, app := range old {
			if app.Kind == p.Kind() && same(app, p) {
				return app.ID, true
			}
		}
	}
	return uuid.Nil, false
}

// Kind is what an app made of the project is.
func (k Key) Kind() model.AppKind {
	if k.Project != "" {
		return model.AppCompose
	}
	return model.AppContainer
}

func sameName(app model.App, p Project) bool {
	if p.Project != "" {
		return app.Project == p.Project
	}
	return app.Found != nil && len(app.Found.Services) > 0 && slices.Contains(app.Found.Services[0].Containers, p.Container)
}

// sameContainers is true when a container was renamed.
func sameContainers(app model.App, p Project) bool {
	return app.Found != nil && slices.ContainsFunc(p.Found.IDs, func(id string) bool { return slices.Contains(app.Found.IDs, id) })
}

// sameFiles is true when the project was started under another name from the same files.
func sameFiles(app model.App, p Project) bool {
	return app.Found != nil && len(p.Found.ConfigFiles) > 0 && slices.Equal(app.Found.ConfigFiles, p.Found.ConfigFiles) &&
		app.Found.WorkingDir == p.Found.WorkingDir
}

// sameVolumes is true when the same program uses the same data: a volume or folder of its own.
func sameVolumes(app model.App, p Project) bool {
	if app.Found == nil || !alike(app.Found.Services, p.Found.Services) {
		return false
	}
	return slices.ContainsFunc(p.Found.Mounts, func(m model.FoundMount) bool {
		return holds(m) && slices.ContainsFunc(app.Found.Mounts, func(o model.FoundMount) bool {
			return holds(o) && o.Kind == m.Kind && o.Label() == m.Label()
		})
	})
}

// holds says that a mount is data that makes an app what it is.
func holds(m model.FoundMount) bool {
	return !m.ReadOnly && !m.Anonymous && (m.Role == model.RoleData || m.Role == model.RoleDumped || m.Role == model.RoleLost)
}

// alike says that two apps have a service in common: the same name and the same image, of whatever version.
func alike(a, b []model.FoundService) bool {
	return slices.ContainsFunc(a, func(s model.FoundService) bool {
		return slices.ContainsFunc(b, func(o model.FoundService) bool {
			return repository(o.Image) == repository(s.Image) && (o.Name == s.Name || len(a) == 1 && len(b) == 1)
		})
	})
}

// sameShape is true when a folder was moved with its compose file and its data: the same services, and the same folders
// below the place where the compose file is.
func sameShape(app model.App, p Project) bool {
	if app.Found == nil || p.Found.WorkingDir == "" || app.Found.WorkingDir == p.Found.WorkingDir || !slices.Equal(shape(app.Found), shape(&p.Found)) {
		return false
	}
	was, is := inside(app.Found), inside(&p.Found)
	return len(is) > 0 && slices.Equal(was, is)
}

// shape lists the services of an app, each with its image.
func shape(f *model.Found) []string {
	var out []string
	for _, s := range f.Services {
		out = append(out, s.Name+"="+repository(s.Image))
	}
	slices.Sort(out)
	return out
}

// inside lists the folders of an app that are below its working folder, relative to it.
func inside(f *model.Found) []string {
	var out []string
	for _, m := range f.Mounts {
		if rest, ok := strings.CutPrefix(m.Source, f.WorkingDir+"/"); ok && m.Kind == model.MountBind && !m.ReadOnly {
			out = append(out, path.Clean(rest))
		}
	}
	slices.Sort(out)
	return out
}

// repository is an image's name without its version.
func repository(image string) string {
	ref, err := reference.ParseDockerRef(image)
	if err != nil {
		return image
	}
	return ref.Name()
}
