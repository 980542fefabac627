// Package view is exactly the chat JSON that leaves the server, for REST and sockets alike (chat
// contract). Nothing else has JSON tags for it.
package view

import (
	"strconv"

	"maska/internal/message"
	"maska/internal/profile"
)

// Profile is what others see of a mask, and what its wearer sees of it too.
type Profile struct {
	ID         int64   `json:"id"`
	Nickname   string  `json:"nickname"`
	AvatarURL  string  `json:"avatarUrl"`
	Photos     []Photo `json:"photos"`
	Color      int     `json:"color"` // hue, 0 … 11
	Bio        string  `json:"bio,omitzero"`
	CreatedDay string  `json:"createdDay"` // YYYY-MM-DD
}

// Photo is a picture on a profile.
type Photo struct {
	ID       string `json:"id"`
	URL      string `json:"url"`
	ThumbURL string `json:"thumbUrl"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Blurhash string `json:"blurhash"`
}

// Author is what a message shows of the mask that said it.
type Author struct {
	ID        int64  `json:"id"`
	Nickname  string `json:"nickname"`
	AvatarURL string `json:"avatarUrl"`
	Color     int    `json:"color"` // hue, 0 … 11
}

// NewProfile shows a mask.
func NewProfile(p profile.Profile) Profile {
	return Profile{
		ID: int64(p.ID), Nickname: p.Nickname, AvatarURL: AvatarURL(p.ID), Photos: []Photo{},
		Color: p.Color, Bio: p.Bio, CreatedDay: p.CreatedDay.UTC().Format("2006-01-02"),
	}
}

// AvatarURL is the path of a mask's picture on this server.
func AvatarURL(id profile.ID) string { return "/avatar/" + strconv.FormatInt(int64(id), 10) + ".svg" }

func newAuthor(a *message.Author) *Author {
	if a == nil {
		return nil
	}
	return &Author{ID: int64(a.ID), Nickname: a.Nickname, AvatarURL: AvatarURL(a.ID), Color: a.Color}
}
