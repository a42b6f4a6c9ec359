package views

// listed is how many apps are listed on a page that is about something else.
const listed = 30

// firsts are those of a list that are shown.
func firsts[T any](all []T) []T { return all[:min(len(all), listed)] }
