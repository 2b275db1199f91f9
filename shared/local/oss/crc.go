package oss

import "hash/crc64"

// ecma is CRC-64 of ECMA-182, the checksum in x-oss-hash-crc64ecma.
var ecma = crc64.MakeTable(crc64.ECMA)

// combineCRC returns the checksum of two texts in a row from their checksums
// and the length of the second: crc(a)·x^(8·length) + crc(b), over GF(2) modulo
// the polynomial, the bit of x^0 being the highest.
func combineCRC(a, b uint64, length int64) uint64 {
	power := uint64(1) << 62 // x
	for n := 8 * uint64(length); n > 0; n >>= 1 {
		if n&1 == 1 {
			a = multiply(a, power)
		}
		power = multiply(power, power)
	}
	return a ^ b
}

// multiply returns a·b modulo the polynomial.
func multiply(a, b uint64) (product uint64) {
	for bit := uint64(1) << 63; bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= crc64.ECMA
		}
	}
	return product
}
