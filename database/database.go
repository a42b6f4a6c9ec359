// Package database recognises the databases that run in containers, has each write a consistent copy of itself, checks
// that copy, and brings it back into a clean server.
package database
