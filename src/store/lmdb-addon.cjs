// Stands in for node-gyp-build-optional-packages (tsconfig.json, "paths"): names lmdb's addon in a way that a bundler
// sees, so that it travels inside the executable. Must load nothing else: other packages look for their addons here too.
module.exports = function loadAddon(directory) {
  if (/msgpackr/.test(directory)) throw new Error("msgpackr works without its addon")
  try {
    return require(`@lmdb/lmdb-${process.platform}-${process.arch}/node.napi.glibc.node`)
  } catch (error) {
    throw Object.assign(new Error(`the store's native code cannot be loaded: ${error.message}`), { name: "AddonNotLoaded" })
  }
}
