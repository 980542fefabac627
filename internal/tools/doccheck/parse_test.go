package doccheck_test

import (
	"slices"
	"testing"
)

func TestPackageTableIsReadByItsFirstColumn(t *testing.T) {
	text := "| package | holds |\n|---|---|\n" +
		"| `internal/app` | starts `internal/store` |\n" +
		"| `internal/tools/...`, `web/src/chat/` | more |\n" +
		"| [`cmd/maska`](cmd/maska) | a linked name starts no row |\n" +
		"| `make run` | no folder |\n"
	want := []string{"internal/app", "internal/tools/...", "web/src/chat"}
	if got := tableEntries(text); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for folder, covered := range map[string]bool{"internal/tools/x": true, "internal/toolsmith": false} {
		if covers("internal/tools/...", folder) != covered {
			t.Errorf("internal/tools/... covers %s: %t", folder, !covered)
		}
	}
}
