package views

// each makes something of every entry of a list, in its order.
func each[T, U any](all []T, of func(T) U) []U {
	var out []U
	for _, one := range all {
		out = append(out, of(one))
	}
	return out
}
