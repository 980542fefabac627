package session

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"maska/internal/account"
	"maska/internal/audit"
	"maska/internal/errs"
	"maska/internal/limit"
	"maska/internal/locale"
	"maska/internal/mfa"
)

// TextSender sends text messages.
type TextSender interface {
	// Send hands a text over for a number in E.164.
	Send(ctx context.Context, to, text string) error
}

// sentCodes is how often a code is sent for an account: text messages cost money, and nobody shall
// fill another's mailbox.
var sentCodes = limit.Rule{Name: "sent_code", Max: 5, Per: 15 * time.Minute}

// Accounts cost nothing and text messages do, and some numbers earn by them. So texts to numbers that nobody
// has confirmed yet are also counted by who asks, by the number, and in all. Those to confirmed ones are not:
// nobody shall keep their owner from signing in.
var (
	newNumberIP    = limit.Rule{Name: "new_number_ip", Max: 10, Per: time.Hour}
	newNumberTexts = limit.Rule{Name: "new_number", Max: 5, Per: time.Hour}
	newNumbers     = limit.Rule{Name: "new_numbers", Max: 300, Per: time.Hour}
)

// Issuer is what authenticator apps show.
const Issuer = "Maska"

// Enrolment is a factor that waits for the proof that its owner has it.
type Enrolment struct {
	ID     string
	Secret string // of an authenticator app; empty for other kinds
	URI    string
}

// EnrolTOTP begins the enrolment of an authenticator app. An account has one.
func (s *Service) EnrolTOTP(ctx context.Context, actor Actor) (Enrolment, error) {
	secret := mfa.NewSecret(s.random)
	f, err := s.enrol(ctx, actor, FactorTOTP, factorSecret{TOTP: secret})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{ID: f.ID, Secret: secret.Text(), URI: secret.URI(Issuer, "user_"+actor.Account.ShortID)}, nil
}

// EnrolEmail begins to use the account's own address, which must be proved, for codes.
func (s *Service) EnrolEmail(ctx context.Context, actor Actor) (Enrolment, error) {
	if actor.Account.EmailTag == nil {
		return Enrolment{}, errs.New(errs.NotBound)
	}
	if !actor.Account.EmailVerified {
		return Enrolment{}, errs.New(errs.EmailNotVerified)
	}
	return s.enrolSent(ctx, actor, FactorEmail, factorSecret{})
}

var phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // ITU-T E.164

// EnrolSMS begins to use a phone number for codes. It may be written with spaces, hyphens and brackets.
func (s *Service) EnrolSMS(ctx context.Context, actor Actor, phone string, client Client) (Enrolment, error) {
	if s.texts == nil {
		return Enrolment{}, errs.New(errs.NotFound)
	}
	phone = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(phone)
	if !phoneNumber.MatchString(phone) {
		return Enrolment{}, errs.Invalid("phone", errs.BadFormat)
	}
	if err := s.countNewNumber(ctx, phone, client); err != nil {
		return Enrolment{}, err
	}
	return s.enrolSent(ctx, actor, FactorSMS, factorSecret{Phone: phone})
}

func (s *Service) countNewNumber(ctx context.Context, phone string, client Client) error {
	if err := s.take(ctx, newNumberIP, limit.IPKey(client.IP)); err != nil {
		return err
	}
	number := s.vault.LockTag("text:" + phone)
	if err := s.take(ctx, newNumberTexts, hex.EncodeToString(number[:])); err != nil {
		return err
	}
	return s.take(ctx, newNumbers, "")
}

// enrolSent enrols a factor whose proof is a code that is sent now.
func (s *Service) enrolSent(ctx context.Context, actor Actor, kind FactorKind, secret factorSecret) (Enrolment, error) {
	if err := s.take(ctx, sentCodes, accountKey(actor.Account.ID)); err != nil {
		return Enrolment{}, err
	}
	code := mfa.NewCode(s.random)
	secret.Code = &sentCode{Tag: s.vault.CodeTag(int64(actor.Account.ID), code), ExpiresAt: s.now().Add(codeLife)}
	f, err := s.enrol(ctx, actor, kind, secret)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{ID: f.ID}, s.sendCode(ctx, actor.Account, kind, secret.Phone, code)
}

// enrol stores a factor that is not active yet, in place of those of its kind that were never finished.
func (s *Service) enrol(ctx context.Context, actor Actor, kind FactorKind, secret factorSecret) (f Factor, err error) {
	f = s.newFactor(actor.Account.ID, kind)
	if err := s.sealFactor(&f, secret); err != nil {
		return Factor{}, err
	}
	return f, s.transaction(ctx, func(tx Tx) error {
		_, all, err := s.heldFactors(ctx, tx, actor.Account.ID)
		if err != nil {
			return err
		}
		for _, other := range ofKind(all, kind) {
			if other.Active {
				return errs.New(errs.FactorExists)
			}
			if err := tx.DeleteFactor(ctx, other.ID); err != nil {
				return err
			}
		}
		_, err = tx.InsertFactor(ctx, f)
		return err
	})
}

// ActivateFactor makes an enrolled factor count, once a code shows that its owner has it. The account
// gets new recovery codes, and its other sessions end.
func (s *Service) ActivateFactor(ctx context.Context, actor Actor, kind FactorKind, id, code string, client Client) (codes []string, err error) {
	try, err := s.tryCode(ctx, actor.Account.ID, client)
	if err != nil {
		return nil, err
	}
	err = s.changeFactors(ctx, actor, func(tx Tx, a account.Account, all []Factor) error {
		at := slices.IndexFunc(all, func(f Factor) bool { return f.ID == id && f.Kind == kind })
		if at < 0 {
			return errs.New(errs.NotFound)
		}
		f := all[at]
		if f.Active {
			return errs.New(errs.FactorExists)
		}
		shown, err := s.shows(&f, code)
		if err != nil {
			return err
		}
		if !shown {
			return s.refuseCode(ctx, tx, try, actor.Account.ID, kind, client)
		}
		if err := tx.DropLockout(ctx, try.lock); err != nil {
			return err
		}
		f.Active = true
		if err := tx.UpdateFactor(ctx, f); err != nil {
			return err
		}
		if codes, err = s.newRecoveryCodes(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.auditFactor(ctx, tx, actor, audit.MFAEnrolled, kind, client)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// shows reports whether a code proves a factor that is being enrolled, and uses the code up.
func (s *Service) shows(f *Factor, code string) (bool, error) {
	secret, err := s.unsealFactor(*f)
	if err != nil {
		return false, err
	}
	if f.Kind == FactorTOTP {
		step, ok := secret.TOTP.Match(code, s.now(), secret.Step)
		if !ok {
			return false, nil
		}
		secret.Step = step
	} else {
		if !s.sent(secret.Code, f.Account, code) {
			return false, nil
		}
		secret.Code = nil
	}
	return true, s.sealFactor(f, secret)
}

// sent reports whether a code is the one that was sent, and still good.
func (s *Service) sent(on *sentCode, id account.ID, code string) bool {
	tag := s.vault.CodeTag(int64(id), code)
	return on != nil && s.now().Before(on.ExpiresAt) && hmac.Equal(on.Tag[:], tag[:])
}

// sendCode sends a code to where a factor leads.
func (s *Service) sendCode(ctx context.Context, a account.Account, kind FactorKind, phone, code string) error {
	if kind == FactorEmail {
		to, err := s.mailbox(a)
		if err == nil && !s.post(Letter{Kind: LetterCode, To: to, Language: a.Language, Code: code}) {
			err = errs.New(errs.Unavailable)
		}
		return err
	}
	if err := s.texts.Send(ctx, phone, codeText(a.Language, code)); err != nil {
		return errs.Wrap(errs.Unavailable, err)
	}
	return nil
}

func codeText(lang locale.Lang, code string) string {
	switch lang {
	case locale.Russian:
		return "Maska: код " + code + ". Действует 5 минут. Никому его не сообщайте."
	case locale.English:
		return "Maska: your code is " + code + ". It is good for 5 minutes. Tell it to nobody."
	case locale.Chinese:
	}
	return "Maska：验证码 " + code + "，5分钟内有效，请勿告诉他人。"
}

func accountKey(id account.ID) string { return strconv.FormatInt(int64(id), 10) }
