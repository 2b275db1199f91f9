FROM IMAGE:m-1234
FROM debian AS base
