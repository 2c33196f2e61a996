// What an answer that is a backup says of itself beside its bytes.
import * as v from "valibot"
import type { Described } from "./parameter.ts"

export const digestHeader: Described = { name: "content-digest", description: "SHA-256 of the body, as RFC 9530 writes it.", schema: v.optional(v.string()) }
export const nameHeader: Described = { name: "content-disposition", description: "What the file should be called.", schema: v.optional(v.string()) }
