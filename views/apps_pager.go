package views

import (
	"net/url"
	"strconv"

	"keepstead/views/ui"
)

// AppsPerPage are the rows of one page of the list of apps: as many as somebody looks through before searching.
const AppsPerPage = 50

// appsPage is one page of the list of apps.
type appsPage struct {
	Groups      []deviceGroup
	Page, Pages int
	First, Last int // the rank of the first and the last row, from 1
}

// pageOfApps groups the apps by device and cuts out a page. A device that goes over several has a head on each.
func pageOfApps(p AppsProps) appsPage {
	out := appsPage{Pages: max(1, (len(p.Apps)+AppsPerPage-1)/AppsPerPage)}
	out.Page = min(max(p.Page, 1), out.Pages)
	from := (out.Page - 1) * AppsPerPage
	to := min(from+AppsPerPage, len(p.Apps))
	out.First, out.Last = from+1, to
	rank := 0
	for _, g := range byDevice(p.Apps) {
		begin, end := max(from-rank, 0), min(to-rank, len(g.Apps))
		rank += len(g.Apps)
		if begin < end {
			g.Apps = g.Apps[begin:end]
			out.Groups = append(out.Groups, g)
		}
	}
	return out
}

// appsPages leads from a page of the list to those beside it.
func appsPages(p AppsProps, page appsPage) ui.Pages {
	out := ui.Pages{BackText: "Previous", OnText: "Next", Says: appsRange(p, page)}
	if page.Page > 1 {
		out.Back = appsAt(p, page.Page-1)
	}
	if page.Page < page.Pages {
		out.On = appsAt(p, page.Page+1)
	}
	return out
}

// appsAt is the address of another page of the list, with the same filter.
func appsAt(p AppsProps, page int) string {
	q := url.Values{}
	for key, value := range map[string]string{"q": p.Query, "status": string(p.Status), "kind": string(p.Kind)} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return AppsPath
	}
	return AppsPath + "?" + q.Encode()
}

// appsRange says which rows a page shows.
func appsRange(p AppsProps, page appsPage) string {
	return ui.Count(page.First) + "–" + ui.Count(page.Last) + " of " + ui.Plural(len(p.Apps), "app", "apps")
}
