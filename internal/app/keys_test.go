package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"maska/internal/app"
	"maska/internal/config"
)

func TestNodesOfDevModeWithOneRootKeyHaveOneBotToken(t *testing.T) {
	t.Parallel()
	token := func(rootKey string) string {
		dir := t.TempDir()
		cfg, err := config.Load([]string{"DATA_DIR=" + dir, "ROOT_KEY=" + rootKey}, filepath.Join(dir, "no.env"))
		if err != nil {
			t.Fatal(err)
		}
		token, err := app.BotToken(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	key, another := strings.Repeat("0a", 32), strings.Repeat("0b", 32)
	one, two, other := token(key), token(key), token(another)
	if one != two || one == other {
		t.Errorf("%s and %s, with another key %s", one, two, other)
	}
}
