package model

import (
	"fmt"
	"strings"
)

// attemptsRefused stands between the count of what a tamper test tried and the list of it.
const attemptsRefused = " attempts were refused: "

// RefusedAttempts is the TamperDetail of a tamper test that held: what was tried, none of which has a comma.
func RefusedAttempts(tried []string) string {
	return fmt.Sprintf("All %d attempts were refused: %s.", len(tried), strings.Join(tried, ", "))
}

// AttemptsIn reads what RefusedAttempts wrote; nil for any other sentence.
func AttemptsIn(detail string) []string {
	_, list, ok := strings.Cut(detail, attemptsRefused)
	if !ok {
		return nil
	}
	return strings.Split(strings.TrimSuffix(list, "."), ", ")
}
