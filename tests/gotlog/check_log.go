// Reads a log that publish_log wrote, with the Go project's own packages note
// and tlog, and says what does not hold: signatures, roots, entries, proofs.
//
//	check_log FOLDER [URL]
//
// With a URL, tiles and entries are read from the web server there and not from
// the folder.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func read(parts ...string) []byte {
	text, err := os.ReadFile(filepath.Join(parts...))
	must(err)
	return text
}

// cosigner verifies cosignature/v1 (C2SP tlog-cosignature), which package note
// does not know.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s",
		binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) *cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		log.Fatalf("%q is no vkey", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		log.Fatalf("%q is no key of a witness", vkey)
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", digest[:4]) != parts[1] {
		log.Fatalf("%q has another key's id", vkey)
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(digest[:]), key[1:]}
}

// parseTree reads a checkpoint's text.
func parseTree(text, origin string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		log.Fatalf("not a checkpoint of %s: %q", origin, text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	hash, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: hash}
}

// source serves tiles as tlog wants them: a folder or a web server.
type source string

// file gives the bytes of one file; fs.ErrNotExist where there is none.
func (s source) file(path string) ([]byte, error) {
	if !strings.HasPrefix(string(s), "http://") {
		return os.ReadFile(filepath.Join(string(s), path))
	}
	answer, err := http.Get(string(s) + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if answer.StatusCode == http.StatusNotFound {
		return nil, fs.ErrNotExist
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return data, err
}

// path gives C2SP's path of a tile: sumdb's has the height in front
// (tile/8/0/000, not tile/0/000) and calls the entries data.
func path(tile tlog.Tile) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

// readTile falls back to the full tile, as the specification has it, and then
// leaves the cutting to the caller.
func (s source) readTile(tile tlog.Tile) ([]byte, error) {
	data, err := s.file(path(tile))
	if errors.Is(err, fs.ErrNotExist) && tile.W < 1<<tileHeight {
		tile.W = 1 << tileHeight
		data, err = s.file(path(tile))
	}
	return data, err
}

func (s source) Height() int { return tileHeight }
func (s source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := s.readTile(tile)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is short", path(tile))
		}
		all = append(all, data[:tile.W*tlog.HashSize])
	}
	return all, nil
}
func (s source) SaveTiles([]tlog.Tile, [][]byte) {}

// entries gives those of one bundle.
func (s source) entries(n int64, width int) [][]byte {
	data, err := s.readTile(tlog.Tile{H: tileHeight, L: -1, N: n, W: width})
	must(err)
	var all [][]byte
	for len(data) > 0 {
		size := int(binary.BigEndian.Uint16(data))
		all = append(all, data[2:2+size])
		data = data[2+size:]
	}
	if len(all) != width {
		log.Fatalf("bundle %d has %d entries, not %d", n, len(all), width)
	}
	return all
}

// checkEntries compares every entry's hash with the tree's.
func checkEntries(s source, tree tlog.Tree, hashes tlog.HashReader) {
	for n := int64(0); n<<tileHeight < tree.N; n++ {
		width := int64(1 << tileHeight)
		if tree.N-n*width < width {
			width = tree.N - n*width
		}
		var indexes []int64
		for i := int64(0); i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n<<tileHeight+i))
		}
		found, err := hashes.ReadHashes(indexes)
		must(err)
		for i, entry := range s.entries(n, int(width)) {
			if tlog.RecordHash(entry) != found[i] {
				log.Fatalf("entry %d is not the tree's", n<<tileHeight+int64(i))
			}
		}
	}
}

// checkOurProofs checks those that C++ made.
func checkOurProofs(lines string, trees map[int64]tlog.Tree, leaf func(size, n int64) tlog.Hash) int {
	count := 0
	for _, line := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
		fields := strings.Fields(line)
		size, err := strconv.ParseInt(fields[1], 10, 64)
		must(err)
		other, err := strconv.ParseInt(fields[2], 10, 64)
		must(err)
		var proof []tlog.Hash
		for _, field := range fields[3:] {
			hash, err := tlog.ParseHash(field)
			must(err)
			proof = append(proof, hash)
		}
		tree := trees[size]
		if fields[0] == "record" {
			must(tlog.CheckRecord(proof, tree.N, tree.Hash, other, leaf(size, other)))
		} else {
			must(tlog.CheckTree(proof, tree.N, tree.Hash, other, trees[other].Hash))
		}
		count++
	}
	return count
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 && len(os.Args) != 3 {
		log.Fatal("usage: check_log FOLDER [URL]")
	}
	root := os.Args[1]
	tiles := source(filepath.Join(root, "log"))
	if len(os.Args) == 3 {
		tiles = source(os.Args[2])
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(root, "log.vkey"))))
	must(err)
	witness := newCosigner(strings.TrimSpace(string(read(root, "witness.vkey"))))
	known := note.VerifierList(verifier, witness)

	// Every checkpoint that was published.
	files, err := os.ReadDir(filepath.Join(root, "checkpoints"))
	must(err)
	trees := map[int64]tlog.Tree{}
	var sizes []int64
	for _, file := range files {
		text := read(root, "checkpoints", file.Name())
		opened, err := note.Open(text, known)
		must(err)
		if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
			log.Fatalf("checkpoint %s: %d signatures hold", file.Name(), len(opened.Sigs))
		}
		tree := parseTree(opened.Text, verifier.Name())
		if strconv.FormatInt(tree.N, 10) != file.Name() {
			log.Fatalf("checkpoint %s has size %d", file.Name(), tree.N)
		}
		trees[tree.N] = tree
		sizes = append(sizes, tree.N)
		// Verifying is what made the difference.
		forged := bytes.Replace(text, []byte("\n"+file.Name()+"\n"), []byte("\n7"+file.Name()+"\n"), 1)
		if _, err := note.Open(forged, known); err == nil {
			log.Fatalf("checkpoint %s holds for another size", file.Name())
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	largest := trees[sizes[len(sizes)-1]]
	served, err := tiles.file("checkpoint")
	must(err)
	if !bytes.Equal(served, read(root, "checkpoints", strconv.FormatInt(largest.N, 10))) {
		log.Fatal("the log's checkpoint is not the last one")
	}

	// Trees and proofs made from our tiles; TileHashReader authenticates them.
	records, consistent := 0, 0
	readers := map[int64]tlog.HashReader{}
	for _, size := range sizes {
		tree := trees[size]
		if size == 0 {
			if tree.Hash != sha256.Sum256(nil) {
				log.Fatal("the empty tree has another root")
			}
			continue
		}
		reader := tlog.TileHashReader(tree, tiles)
		readers[size] = reader
		hash, err := tlog.TreeHash(size, reader)
		must(err)
		if hash != tree.Hash {
			log.Fatalf("the tiles of %d have another root", size)
		}
		for _, other := range sizes {
			if other == 0 || other > size {
				continue
			}
			proof, err := tlog.ProveTree(size, other, reader)
			must(err)
			must(tlog.CheckTree(proof, size, tree.Hash, other, trees[other].Hash))
			consistent++
			record, err := tlog.ProveRecord(size, other-1, reader)
			must(err)
			leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, other-1)})
			must(err)
			must(tlog.CheckRecord(record, size, tree.Hash, other-1, leaf[0]))
			records++
		}
	}
	checkEntries(tiles, largest, readers[largest.N])
	ours := checkOurProofs(string(read(root, "proofs")), trees, func(size, n int64) tlog.Hash {
		leaf, err := readers[size].ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		must(err)
		return leaf[0]
	})
	if len(sizes) < 10 || ours < 2*len(sizes) || largest.N <= 1<<(2*tileHeight) {
		log.Fatal("too little was checked")
	}
	fmt.Printf("%d checkpoints, %d entries, %d inclusion and %d consistency proofs by Go, %d proofs by us: all hold\n",
		len(sizes), largest.N, records, consistent, ours)
}
