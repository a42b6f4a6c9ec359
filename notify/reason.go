package notify

import "strings"

// signs are what the texts of errors hold, and what that means. Shoutrrr writes many of its errors into texts, so that
// nothing else is left to tell them by.
var signs = []struct {
	parts []string
	means string
}{
	{[]string{"connection refused", "no route to host", "network is unreachable"}, "Nothing answers at that address"},
	{[]string{"no such host"}, "There is no server of that name"},
	{[]string{errRedirects.Error()}, "The address leads on to another one, and the message would be lost on the way; enter the one it leads to"},
	{[]string{"certificate", "x509"}, "The server’s certificate is not trusted"},
	{[]string{" 401", " 403", "Unauthorized", "Forbidden", "535 "}, "The service refuses the token or password"},
	{[]string{" 404", "Not Found"}, "The service does not know that topic, chat or address"},
	{[]string{" 429", "Too Many Requests"}, "The service wants fewer messages"},
	{[]string{"timeout", "deadline exceeded", "timed out"}, "The service did not answer in time"},
}

// meaning is what an error's text says in the words of people.
func meaning(text string) string {
	for _, s := range signs {
		if containsAny(text, s.parts) {
			return s.means
		}
	}
	return "The service did not take the message"
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// doing is how the parts of an error begin that say only what was being done.
var doing = []string{"failed to ", "posting to ", "sending ", "error ", "creating ", "Post \"", "post "}

// tail is the end of an error's text, from the first part on that says what went wrong.
func tail(text string) string {
	for {
		text = strings.TrimLeft(text, " ")
		first, rest, ok := strings.Cut(text, ": ")
		begins := false
		for _, d := range doing {
			begins = begins || strings.HasPrefix(first, d)
		}
		if !ok || !begins {
			return text
		}
		text = rest
	}
}
