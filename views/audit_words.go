package views

import "keepstead/model"

// auditAct names an act such that “done” and “refused” can stand beside it.
func auditAct(e model.AuditEntry) string {
	if e.Act == model.ActBackUp && e.SubjectKind == "" {
		return "Back up everything"
	}
	if e.Act == model.ActRotateKey && e.SubjectKind == "" {
		return "Rotate the data key"
	}
	if word, ok := auditActWords[e.Act]; ok {
		return word
	}
	return string(e.Act)
}

var auditActWords = map[model.AuditAct]string{
	model.ActSignIn:           "Sign in",
	model.ActEnterPassword:    "Enter the password",
	model.ActUseRecoveryCode:  "Use a recovery code",
	model.ActPrepareTwoFactor: "Begin to set up two-factor",
	model.ActTwoFactorOn:      "Turn two-factor on",
	model.ActTwoFactorOff:     "Turn two-factor off",
	model.ActResetTwoFactor:   "Reset two-factor",
	model.ActRenewCodes:       "Make new recovery codes",
	model.ActSignOut:          "Sign out",
	model.ActSignOutOther:     "Sign out another browser",
	model.ActUseToken:         "Use an API token",
	model.ActSetUp:            "Set up Keepstead",
	model.ActChangePassword:   "Change password",
	model.ActResetPassword:    "Reset the password",
	model.ActRevoke:           "Revoke",
	model.ActTakeKit:          "Take the recovery kit",
	model.ActShowPassword:     "Show the repository’s password",
	model.ActRotateKey:        "Rotate the key",
	model.ActChangeMaster:     "Change the master key",
	model.ActAddKey:           "Add a key",
	model.ActRemoveKey:        "Remove a key",
	model.ActCreate:           "Add",
	model.ActChange:           "Change",
	model.ActChangeSettings:   "Change settings",
	model.ActChangeLook:       "Change appearance",
	model.ActRemove:           "Remove",
	model.ActRemoveLocks:      "Remove locks",
	model.ActTurnOn:           "Switch on",
	model.ActTurnOff:          "Switch off",
	model.ActAccept:           "Protect",
	model.ActDecline:          "Leave out",
	model.ActUnfreeze:         "Let retention go on",
	model.ActPinHostKey:       "Confirm the host key",
	model.ActBackUp:           "Back up",
	model.ActRestore:          "Restore",
	model.ActDownload:         "Download",
	model.ActView:             "Look into a file",
	model.ActDiscover:         "Look for apps",
	model.ActTest:             "Test",
	model.ActCheck:            "Check",
	model.ActPrune:            "Free space",
	model.ActSync:             "Read snapshots",
	model.ActTamper:           "Tamper test",
	model.ActIndex:            "Index files",
	model.ActCancel:           "Cancel",
	model.ActRetry:            "Try again",
}

func subjectWord(e model.AuditEntry) string {
	if e.SubjectKind == model.SubjectConfiguration && e.Act == model.ActBackUp {
		return "App"
	}
	switch e.SubjectKind {
	case model.SubjectApp:
		return "App"
	case model.SubjectConfiguration:
		return "How an app is kept"
	case model.SubjectDestination:
		return "Destination"
	case model.SubjectDevice:
		return "Device"
	case model.SubjectJob:
		return "Job"
	case model.SubjectPolicy:
		return "Policy"
	case model.SubjectSnapshot:
		return "Snapshot"
	case model.SubjectToken:
		return "API token"
	case model.SubjectChannel:
		return "Notification channel"
	}
	return "User"
}

// auditReason says in words why something was refused.
func auditReason(e model.AuditEntry) string {
	switch e.Reason {
	case model.ReasonDenied:
		return "Missing or wrong credentials."
	case model.ReasonMuted:
		return "Missing or wrong credentials. More from there in the same hour is left out."
	case model.ReasonForeign:
		return "Another site sent it."
	case model.ReasonThrottled:
		return "Too many attempts."
	case model.ReasonInvalid:
		return "What was given cannot be accepted."
	case model.ReasonMissing:
		return "It is not there."
	case model.ReasonConflict:
		return "Something stands in the way."
	case model.ReasonFailed:
		return "Something went wrong."
	}
	return ""
}

func actorWord(k model.ActorKind) string {
	switch k {
	case model.ActorToken:
		return "API token"
	case model.ActorCommand:
		return "Command line"
	}
	return ""
}
