package errs_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"maska/internal/errs"
	"maska/internal/locale"
)

func TestEveryCodeSpeaksThreeLanguages(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, code := range errs.Codes() {
		if !form.MatchString(string(code)) || code.Status() < 400 || code.Status() > 599 {
			t.Errorf("%s has status %d", code, code.Status())
		}
		en, ru, zh := code.Text(locale.English), code.Text(locale.Russian), code.Text(locale.Chinese)
		has := func(text string, script *unicode.RangeTable) bool {
			return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(script, r) })
		}
		if !has(en, unicode.Latin) || has(en, unicode.Cyrillic) || !has(ru, unicode.Cyrillic) || !has(zh, unicode.Han) {
			t.Errorf("%s: %q %q %q", code, en, ru, zh)
		}
	}
}

func TestTheFoundingDocumentsTextsAreExact(t *testing.T) {
	t.Parallel()
	for code, zh := range map[errs.Code]string{
		errs.InitDataInvalid: "initData hash验证失败", errs.TelegramDataInvalid: "Telegram数据验证失败", errs.TelegramAlreadyBound: "该账号已经绑定了Telegram",
		errs.TelegramTaken: "该Telegram账号已被其他用户绑定", errs.PasswordMismatch: "密码和确认密码不匹配", errs.UserNotFound: "用户不存在",
		errs.EmailAlreadyBound: "该账号已绑定邮箱", errs.EmailTaken: "该邮箱已被其他账号使用", errs.AccountDisabled: "用户账号已被禁用",
	} {
		if code.Text(locale.Chinese) != zh {
			t.Errorf("%s: %q", code, code.Text(locale.Chinese))
		}
	}
	if errs.InitDataRequired.Text(locale.English) != "initData required" || errs.InitDataInvalid.Text(locale.English) != "invalid initData" {
		t.Error("the English texts of the first document")
	}
}

func TestTheCauseStaysInTheChainAndOutOfTheText(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	err := fmt.Errorf("store: %w", errs.Wrap(errs.Unavailable, cause))
	if !errors.Is(err, cause) || !errors.Is(err, errs.New(errs.Unavailable)) || errors.Is(err, errs.New(errs.Internal)) {
		t.Error("the chain is broken")
	}
	if errs.CodeOf(err) != errs.Unavailable || errs.CodeOf(cause) != errs.Internal || errs.CodeOf(nil) != "" {
		t.Error("wrong codes")
	}
	if strings.Contains(errs.From(err).Code.Text(locale.English), "fire") {
		t.Error("the cause is shown")
	}
	if e := errs.New(errs.InitDataInvalid); e.WithReason("x") == e || e.Reason != "" {
		t.Error("WithReason changed its receiver")
	}
}
