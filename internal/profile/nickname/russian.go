package nickname

import "strings"

// gender of a Russian noun, as the word list writes it after the word.
type gender string

const (
	masculine gender = "m"
	feminine  gender = "f"
	neuter    gender = "n"
)

// agree turns a Russian adjective, given as the dictionary does (masculine, nominative),
// into the form that stands before a noun of a gender.
func agree(adjective string, g gender) string {
	if g == masculine {
		return adjective
	}
	stem, ending := split(adjective)
	return stem + endings(stem, ending)[g]
}

// split cuts the ending, the last two letters, off an adjective.
func split(adjective string) (stem, ending string) {
	const twoLetters = 4 // bytes
	cut := max(0, len(adjective)-twoLetters)
	return adjective[:cut], adjective[cut:]
}

// endings tells the declension by the last letter of the stem. The -ий of the soft, the
// velar, the hissing and the possessive adjectives looks alike and declines in four ways.
func endings(stem, ending string) map[gender]string {
	switch {
	case ending != "ий": // бумажный, ночной
		return map[gender]string{feminine: "ая", neuter: "ое"}
	case possessive(stem): // лисий
		return map[gender]string{feminine: "ья", neuter: "ье"}
	case endsIn(stem, "гкх"): // тихий
		return map[gender]string{feminine: "ая", neuter: "ое"}
	case endsIn(stem, "жшчщ"): // рыжий
		return map[gender]string{feminine: "ая", neuter: "ее"}
	default: // зимний
		return map[gender]string{feminine: "яя", neuter: "ее"}
	}
}

// possessive tells the adjectives of whose something is. After any consonant but a velar,
// a hissing one and н, -ий is always theirs; after those three, only these stems are.
func possessive(stem string) bool {
	switch stem {
	case "волч", "медвеж", "заяч", "кошач", "белич", "птич", "барсуч", "олен", "ворон", "тюлен":
		return true
	}
	return !endsIn(stem, "гкхжшчщн")
}

func endsIn(stem, letters string) bool {
	for _, letter := range letters {
		if strings.HasSuffix(stem, string(letter)) {
			return true
		}
	}
	return false
}
