// The release this program is, as `tandem --version`, GET /status and the nodes' hello show it. The same as in package.json.

export const release = "0.1.0"
