package views

import "keepstead/model"

// shownFile is a form value as the path it stands for.
func shownFile(value string) string {
	if p, err := FilePath(value); err == nil {
		return p
	}
	return value
}

func onDevice(d model.Device) string {
	if d.Name == "" {
		return ""
	}
	return ", on " + d.Name
}
