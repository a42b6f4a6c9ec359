package model

// AuditAct is what was done, as one word for each kind of act.
type AuditAct string

// The acts.
const (
	ActSignIn           AuditAct = "sign_in"
	ActEnterPassword    AuditAct = "enter_password"    // a right one, before the code
	ActUseRecoveryCode  AuditAct = "use_recovery_code" // in place of a code
	ActSignOut          AuditAct = "sign_out"
	ActSignOutOther     AuditAct = "sign_out_other"
	ActUseToken         AuditAct = "use_token" // only refused ones are written down
	ActSetUp            AuditAct = "set_up"
	ActChangePassword   AuditAct = "change_password"
	ActResetPassword    AuditAct = "reset_password"
	ActPrepareTwoFactor AuditAct = "prepare_two_factor"
	ActTwoFactorOn      AuditAct = "turn_on_two_factor"
	ActTwoFactorOff     AuditAct = "turn_off_two_factor"
	ActResetTwoFactor   AuditAct = "reset_two_factor"
	ActRenewCodes       AuditAct = "renew_recovery_codes"
	ActRevoke           AuditAct = "revoke"
	ActTakeKit          AuditAct = "take_recovery_kit"
	ActShowPassword     AuditAct = "show_password" // of a destination's repository
	ActRotateKey        AuditAct = "rotate_key"    // of a repository, or the data key
	ActChangeMaster     AuditAct = "change_master_key"
	ActAddKey           AuditAct = "add_key" // to a repository
	ActRemoveKey        AuditAct = "remove_key"
	ActCreate           AuditAct = "create"
	ActChange           AuditAct = "change"
	ActChangeSettings   AuditAct = "change_settings"
	ActChangeLook       AuditAct = "change_appearance"
	ActRemove           AuditAct = "remove"
	ActRemoveLocks      AuditAct = "remove_locks"
	ActSwitch           AuditAct = "switch" // recorded as one of the next two
	ActTurnOn           AuditAct = "turn_on"
	ActTurnOff          AuditAct = "turn_off"
	ActAccept           AuditAct = "accept"
	ActDecline          AuditAct = "decline"
	ActUnfreeze         AuditAct = "unfreeze"
	ActPinHostKey       AuditAct = "pin_host_key"
	ActBackUp           AuditAct = "back_up"
	ActRestore          AuditAct = "restore"
	ActDownload         AuditAct = "download"
	ActView             AuditAct = "view" // of a file's content
	ActDiscover         AuditAct = "discover"
	ActTest             AuditAct = "test"
	ActCheck            AuditAct = "check"
	ActPrune            AuditAct = "prune"
	ActSync             AuditAct = "sync"
	ActTamper           AuditAct = "tamper"
	ActIndex            AuditAct = "index"
	ActCancel           AuditAct = "cancel"
	ActRetry            AuditAct = "retry"
)

// AuditActs lists all acts that are recorded.
func AuditActs() []AuditAct {
	return []AuditAct{
		ActSignIn, ActEnterPassword, ActUseRecoveryCode, ActPrepareTwoFactor, ActTwoFactorOn, ActTwoFactorOff, ActResetTwoFactor, ActRenewCodes,
		ActSignOut, ActSignOutOther, ActUseToken, ActSetUp, ActChangePassword, ActResetPassword, ActRevoke, ActTakeKit,
		ActShowPassword, ActRotateKey, ActChangeMaster, ActAddKey, ActRemoveKey, ActCreate, ActChange, ActChangeSettings, ActChangeLook, ActRemove, ActRemoveLocks, ActTurnOn, ActTurnOff,
		ActAccept, ActDecline, ActUnfreeze, ActPinHostKey, ActBackUp, ActRestore, ActDownload, ActView, ActDiscover, ActTest, ActCheck,
		ActPrune, ActSync, ActTamper, ActIndex, ActCancel, ActRetry,
	}
}

// Group is the kind of acts that this one belongs to.
func (a AuditAct) Group() AuditGroup {
	switch a {
	case ActSignIn, ActEnterPassword, ActUseRecoveryCode, ActSignOut, ActSignOutOther, ActUseToken:
		return AuditSignIns
	case ActPrepareTwoFactor, ActTwoFactorOn, ActTwoFactorOff, ActResetTwoFactor, ActRenewCodes, ActSetUp, ActChangePassword, ActResetPassword, ActRevoke, ActTakeKit, ActShowPassword,
		ActRotateKey, ActChangeMaster, ActAddKey, ActRemoveKey:
		return AuditAccess
	case ActRestore, ActDownload, ActView:
		return AuditReading
	case ActRemove, ActRemoveLocks:
		return AuditRemoval
	case ActBackUp, ActDiscover, ActTest, ActCheck, ActPrune, ActSync, ActTamper, ActIndex, ActCancel, ActRetry:
		return AuditWork
	}
	return AuditChange
}
