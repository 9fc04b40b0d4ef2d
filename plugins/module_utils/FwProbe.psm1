# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Whether TCP ports answer this host.

$script:Seconds = 3    # one is refused only after two by Windows, which asks three times

Function Test-FwProbe {
    # Returns those of the targets (address, port) that answer, all tried at once. A refusal came through the rules as well.
    Param([object[]]$Targets)
    $tries = @(foreach ($target in $Targets) {
            $address = [System.Net.IPAddress]::Parse($target.address)
            $client = New-Object System.Net.Sockets.TcpClient $address.AddressFamily
            $waiting = $null
            try {
                $waiting = $client.BeginConnect($address, $target.port, $null, $null)
            }
            catch [System.Net.Sockets.SocketException] {
                $client.Close()
            }
            @{ target = $target; client = $client; waiting = $waiting }
        })
    $until = [DateTime]::UtcNow.AddSeconds($script:Seconds)
    foreach ($try in $tries) {
        $left = [Math]::Max(0, [int]($until - [DateTime]::UtcNow).TotalMilliseconds)
        $answered = $false
        if ($try.waiting -and $try.waiting.AsyncWaitHandle.WaitOne($left)) {
            try {
                $try.client.EndConnect($try.waiting)
                $answered = $true
            }
            catch [System.Net.Sockets.SocketException] {
                $answered = $_.Exception.GetBaseException().SocketErrorCode -eq 'ConnectionRefused'
            }
        }
        $try.client.Close()
        if ($answered) { [ordered]@{ address = $try.target.address; port = $try.target.port } }
    }
}

Function Get-FwSilent {
    # Returns those of the targets, as texts, that do not answer though each was tried three times.
    Param([object[]]$Targets)
    $silent = @($Targets)
    foreach ($count in 1, 2, 3) {
        if ($silent.Length) {
            $answered = @(Test-FwProbe -Targets $silent | ForEach-Object { "$($_.address) tcp $($_.port)" })
            $silent = @($silent | Where-Object { $answered -notcontains "$($_.address) tcp $($_.port)" })
        }
    }
    foreach ($target in $silent) { "$($target.address) tcp $($target.port)" }
}

Export-ModuleMember -Function 'Test-FwProbe', 'Get-FwSilent'
