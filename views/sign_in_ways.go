package views

import "keepstead/views/ui"

// signInWay is one way to sign in to a machine.
type signInWay struct {
	How         string // SignInByPassword and its like
	Text, Small string
	Icon        ui.IconName
}

// sftpWays are those to an SFTP server.
func sftpWays(edit bool) []signInWay {
	ways := []signInWay{
		{SignInByPassword, "A password", "kept encrypted", ui.IconUser},
		{SignInByKey, "A private key", "kept encrypted", ui.IconKey},
	}
	if edit {
		ways = append([]signInWay{{SignInAsBefore, "As before", "with what is stored", ui.IconLock}}, ways...)
	}
	return ways
}

// deviceWays are those to a device, which ends up with a key whatever was chosen.
func deviceWays(edit bool) []signInWay {
	ways := []signInWay{
		{SignInByPassword, "A password, once", "Keepstead puts a key of its own there and forgets the password", ui.IconUser},
		{SignInByPaste, "A key to paste", "Keepstead makes one; you add its line on the device", ui.IconCopy},
		{SignInByKey, "A private key of yours", "kept encrypted", ui.IconKey},
	}
	if edit {
		ways = append([]signInWay{{SignInAsBefore, "As before", "with the key that is stored", ui.IconLock}}, ways...)
	}
	return ways
}
