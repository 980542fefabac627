// Package web holds the built web app.
package web

import "embed"

// Dist is the folder dist as the build left it: index.html, dev.html, csp.json and hashed assets,
// each text of 1 kB and more also as .br and .gz. Without a build it holds only .keep.
//
//go:embed all:dist
var Dist embed.FS
