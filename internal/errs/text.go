package errs

import "maska/internal/locale"

// Status returns the HTTP status that belongs to the code.
func (c Code) Status() int {
	if e, ok := catalogue[c]; ok {
		return e.status
	}
	return catalogue[Internal].status
}

// Text returns the sentence for people. It holds nothing of the request.
func (c Code) Text(lang locale.Lang) string {
	e, ok := catalogue[c]
	if !ok {
		e = catalogue[Internal]
	}
	return pick(lang, e.zh, e.en, e.ru)
}

// FieldCode names what is wrong with a field.
type FieldCode string

// The field codes.
const (
	Required     FieldCode = "required"
	WrongType    FieldCode = "wrong_type"
	TooShort     FieldCode = "too_short"
	TooLong      FieldCode = "too_long"
	TooManyLines FieldCode = "too_many_lines"
	BadCharacter FieldCode = "bad_character"
	OutOfRange   FieldCode = "out_of_range"
	BadFormat    FieldCode = "bad_format"
	NotFoundHere FieldCode = "not_found"
)

// Text returns the sentence for people.
func (c FieldCode) Text(lang locale.Lang) string {
	switch c {
	case Required:
		return pick(lang, "必填", "Required", "Обязательное поле")
	case WrongType:
		return pick(lang, "类型不正确", "Wrong type", "Неверный тип")
	case TooShort:
		return pick(lang, "太短", "Too short", "Слишком коротко")
	case TooLong:
		return pick(lang, "太长", "Too long", "Слишком длинно")
	case TooManyLines:
		return pick(lang, "行数过多", "Too many lines", "Слишком много строк")
	case BadCharacter:
		return pick(lang, "含有不允许的字符", "Contains a character that is not allowed", "Есть недопустимый символ")
	case OutOfRange:
		return pick(lang, "超出范围", "Out of range", "Вне допустимых пределов")
	case BadFormat:
		return pick(lang, "格式不正确", "Wrong format", "Неверный формат")
	case NotFoundHere:
		return pick(lang, "不存在", "Does not exist", "Не существует")
	}
	return pick(lang, "不正确", "Invalid", "Неверно")
}

func pick(lang locale.Lang, zh, en, ru string) string {
	switch lang {
	case locale.Russian:
		return ru
	case locale.English:
		return en
	case locale.Chinese:
	}
	return zh
}
