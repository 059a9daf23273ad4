"""Make the packaged recording anew."""

from tidegate.adapters.recordings.synthetic.making import generate_synthetic, packaged_recording_path

if __name__ == "__main__":
    generate_synthetic(packaged_recording_path())
