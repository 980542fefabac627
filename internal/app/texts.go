package app

import (
	"os"

	"maska/internal/session"
	"maska/internal/sms"
)

// texts picks what sends text messages: the operator's gateway, or in dev mode the terminal; nothing
// without either. The terminal is not the log, which never holds a code.
func (a *App) texts() session.TextSender {
	switch {
	case a.cfg.SMSWebhookURL != "":
		return sms.NewWebhook(a.cfg.SMSWebhookURL)
	case a.cfg.Dev:
		return sms.NewTerminal(os.Stdout)
	}
	return nil
}
