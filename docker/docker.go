// Package docker speaks to the container engine of a device: it finds compose projects and lone containers with all that
// belongs to them, stops, pauses, starts and makes them, and runs commands in them.
package docker
