package views

func errorTitle(p ErrorProps) string {
	switch p.Status {
	case 401:
		return "Sign in first"
	case 403:
		return "That is not allowed"
	case 404:
		return "There is nothing here"
	case 409:
		return "Something stands in the way"
	case 410:
		return "This download is over"
	case 413:
		return "That is too much at once"
	case 422, 400:
		return "That could not be understood"
	case 429:
		return "Too many attempts"
	case 503:
		return "Not possible just now"
	}
	return "Something went wrong"
}

func errorSentence(p ErrorProps) string {
	if p.Sentence != "" {
		return p.Sentence
	}
	return ErrorSentence(p.Status)
}

// ErrorSentence says what a status means and how to go on, where nothing better is known of what went wrong.
func ErrorSentence(status int) string {
	switch status {
	case 403:
		return "The request came from another site, or you may not do this. Open the page again and repeat what you did."
	case 404:
		return "The page has moved, or what it showed was removed."
	case 429:
		return "Wait a minute, then try again."
	case 503:
		return "Keepstead has its hands full. Try again in a moment."
	}
	if status >= 400 && status < 500 {
		return "Go back, look at what you entered, and try again."
	}
	return "This is a fault of Keepstead. Your backups go on; the log has the details."
}
