# Freezes edgeingest into a firmware: include() this file in a board's manifest.
package("edgeingest")
