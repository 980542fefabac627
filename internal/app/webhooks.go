package app

import (
	"context"

	"maska/internal/webhook"
)

// runWebhooks tells other systems of the operator what happens to accounts, if the settings name one.
func (a *App) runWebhooks(ctx context.Context) {
	if a.cfg.WebhookURL == "" {
		return
	}
	webhook.New(webhook.Config{URL: a.cfg.WebhookURL, Key: a.cfg.WebhookKey, Store: a.store, Now: a.now, Log: a.log}).Run(ctx)
}
