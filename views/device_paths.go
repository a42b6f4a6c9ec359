package views

import "github.com/google/uuid"

// DevicePath is the page of a device.
func DevicePath(id uuid.UUID) string { return DevicesPath + "/" + id.String() }

// DeviceEditPath is GET for the form, POST to save it.
func DeviceEditPath(id uuid.UUID) string { return DevicePath(id) + "/edit" }

// DeviceScanPath answers with the host key of the machine that the edit form describes.
func DeviceScanPath(id uuid.UUID) string { return DeviceEditPath(id) + "/host-key" }

// DeviceTestPath tests the way to a device.
func DeviceTestPath(id uuid.UUID) string { return DevicePath(id) + "/test" }

// DeviceHostKeyPath is GET for the host key that the machine shows now, POST (field host_key_fingerprint) to pin it.
func DeviceHostKeyPath(id uuid.UUID) string { return DevicePath(id) + "/host-key" }

// DeviceRemovePath is GET for the question, POST for the act.
func DeviceRemovePath(id uuid.UUID) string { return DevicePath(id) + "/remove" }

// DestinationScanPath answers with the host key of the SFTP server that the edit form describes.
func DestinationScanPath(id uuid.UUID) string { return DestinationEditPath(id) + "/host-key" }

// DestinationDirectPath lets devices reach a destination directly, or through Keepstead (field enabled: on or off).
func DestinationDirectPath(id uuid.UUID) string { return DestinationPath(id) + "/direct" }
