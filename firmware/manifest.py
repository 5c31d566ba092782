# Freezes edgeingest into a firmware: include() this file in a board's manifest.
# opt=3 is mpy-cross -O3: without line numbers and asserts, which makes the library about 6 % smaller.
package("edgeingest", opt=3)
