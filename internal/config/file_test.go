package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"maska/internal/config"
)

// loadFile reads a .env file with these lines.
func loadFile(t *testing.T, lines ...string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(nil, path)
}

func TestASlipInTheFileIsSaidByItsLineAndNothingElse(t *testing.T) {
	t.Parallel()
	const secret = "JWT_SECRET=hunter2hunter2hunter2hunter2hunter2"
	for name, c := range map[string]struct {
		lines []string
		line  string
	}{
		"no sign":        {[]string{"# mine", "", "PORT 4000", secret}, "line 3;"},
		"a strange name": {[]string{secret, "MY-PORT=1", secret}, "line 2;"},
		"an open quote":  {[]string{"MAIL_FROM='one", "two'", "ROOT_KEY=\"hunter2", secret}, "line 3;"},
		"the first":      {[]string{"hunter2", secret}, "line 1;"},
		"the last":       {[]string{secret, "hunter2"}, "line 2;"},
	} {
		_, err := loadFile(t, c.lines...)
		if err == nil || !strings.Contains(err.Error(), c.line) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsHardlyMeantIsWarnedOf(t *testing.T) {
	t.Parallel()
	c, err := loadFile(t, "TELEGRAM_BOT_TOKN=hunter2", "jwt_secret=hunter2", "PORTS=1", "POSTGRES_PASSWORD=hunter2", "COMPOSE_PROJECT_NAME=maska", "LANG=C", "A=1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"the .env file sets PORTS, which is no setting; is PORT meant?",
		"the .env file sets TELEGRAM_BOT_TOKN, which is no setting; is TELEGRAM_BOT_TOKEN meant?",
		"the .env file sets jwt_secret, which is no setting; is JWT_SECRET meant?",
	}
	if !slices.Equal(c.Warnings, want) {
		t.Errorf("%q", c.Warnings)
	}
	for setting, environ := range map[string][]string{
		"REDIS_URL": {"REDIS_URL=redis://localhost"},
		"":          {"REDIS_URL=redis://localhost", "DATABASE_URL=postgres://localhost/maska"},
	} {
		c, err := load(t, environ...)
		if err != nil || (len(c.Warnings) == 1) != (setting != "") || !strings.HasPrefix(strings.Join(c.Warnings, ""), setting) {
			t.Errorf("%v: %q, %v", environ, c.Warnings, err)
		}
	}
}
